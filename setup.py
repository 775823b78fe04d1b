"""Packaging: the library in ``src``, the models and the recipes beside it, one package."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
MODELS = ["mindreid.models"] + [f"mindreid.models.{name}" for name in find_packages(str(HERE / "models"))]
VERSION = next(
    line.split('"')[1]
    for line in (HERE / "src" / "mindreid" / "__init__.py").read_text(encoding="utf-8").splitlines()
    if line.startswith("__version__")
)
EXTRAS = {
    "convert": ["torch>=2.6"],
    "onnx": ["onnx>=1.16", "onnxruntime>=1.18"],
    "docs": ["mkdocs-material>=9.6", "mkdocstrings[python]>=0.29"],
    "pose": ["mediapipe==0.10.21"],
    "search": [
        "av>=12",
        "norfair>=2.3",
        "fastapi>=0.115",
        "uvicorn>=0.30",
        "python-multipart>=0.0.18",
    ],
    # Newer versions of pyarrow want numpy 2.
    "milvus": ["pymilvus>=2.5", "milvus-lite>=2.4", "pyarrow<21"],
    "summary": ["tensorboardX>=2.6"],
    "test": [
        "pytest>=8",
        "pytest-xdist>=3.6",
        "hypothesis>=6.100",
        "ruff==0.17.5",
        "mypy>=1.15",
        "types-PyYAML",
        "httpx>=0.27",
    ],
}
# MediaPipe wants an older protobuf and another OpenCV, and has no wheel for every machine.
EXTRAS["all"] = sorted({package for name, extra in EXTRAS.items() if name != "pose" for package in extra})

setup(
    name="mindreid",
    version=VERSION,
    description="Person re-identification for MindSpore, above all after a change of clothes",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.9,<3.12",
    package_dir={"": "src", "mindreid.models": "models", "mindreid.configs": "configs"},
    packages=find_packages("src") + MODELS + ["mindreid.configs"],
    package_data={
        "mindreid.configs": ["**/*.yaml"],
        "mindreid.models": ["*/*.yaml"],
        "mindreid": ["py.typed", "pages/page.*", "search/page/search_page.*"],
    },
    install_requires=[
        "mindspore==2.8.0",
        "mindcv==0.3.0",
        "numpy>=1.24,<2",
        "scipy>=1.10",
        "scikit-learn>=1.3",
        "threadpoolctl>=3",
        "opencv-python-headless>=4.8,<4.12",
        "pillow>=10",
        "pyyaml>=6",
        "pydantic>=2.6,<3",
        "matplotlib>=3.8",
        "tqdm>=4.66",
        "h5py>=3.9",
    ],
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["mindreid = mindreid.cli:main"]},
)
