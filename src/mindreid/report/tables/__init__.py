"""Tables in Markdown, made of result files and of the published figures, and put into documents."""

from mindreid.lazy_names import lazy_names

__all__, __getattr__ = lazy_names(
    __name__,
    documents=["update_documents"],
    published=["PublishedRow", "format_rows", "load_published"],
    result_files=["ResultFiles"],
)
