//! Reading and writing a site, and what is said when one is wrong.
