//! unhappy
