//! How much an endpoint takes in one request.

/// Real-time endpoints take 25 MB (SageMaker developer guide, "Model Hosting FAQs"), serverless ones 4 MB.
pub(crate) const REAL_TIME_BYTES: usize = 25_000_000;
pub(crate) const SERVERLESS_BYTES: usize = 4_000_000;
/// Inline `Body` of InvokeEndpointAsync (botocore sagemaker-runtime).
pub(super) const ASYNC_INLINE_BYTES: usize = 128_000;
