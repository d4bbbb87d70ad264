//! Programs that embed the pipeline.
