"""An application beside Espalier's, for tests: the GPU breaks off under the first trial."""
