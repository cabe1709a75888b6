//! Tests of the public interface: the policy as data, the map against casbin, the context of an operation.

mod context;
mod policy;
