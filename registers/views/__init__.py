"""The pages of both registers, one module for each thing that people come to do."""
