//! The doctrine: rules that the code of a project keeps, on its syntax tree.
