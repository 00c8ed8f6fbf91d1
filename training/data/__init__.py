"""Images to train on: named datasets, folders of pictures, archives, shards and arrays."""
