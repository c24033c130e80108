//! The headers that every answer carries, errors included (threats 23, 24, 29).
//!
//! Architecture invariant: no inline script, no inline style, no other host.

/// The content security policy of a page with this nonce.
pub fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; \
         img-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'; object-src 'none'; \
         require-trusted-types-for 'script'; report-to csp"
    )
}

/// The headers whose value never varies.
pub const FIXED: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("reporting-endpoints", "csp=\"/csp-report\""),
];

/// What a page may use of the computer: nothing, but the camera where codes are scanned with it.
pub fn permissions_policy(camera: bool) -> &'static str {
    if camera {
        "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"
    } else {
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
    }
}

/// How long a browser insists on TLS after it has seen it once.
pub const STRICT_TRANSPORT: &str = "max-age=31536000; includeSubDomains";
