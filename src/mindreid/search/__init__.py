"""Finding a person again: recorded video becomes an index of tracklets, a picture finds them there.

``index`` keeps tracklets, their crops and embeddings, in a folder or in a Milvus database;
``ingest`` makes tracklets of videos and photos.
"""
