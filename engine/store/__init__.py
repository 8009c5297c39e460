"""The run on the disk: a sealed HDF5 file, and a journal beside it while the run goes on."""
