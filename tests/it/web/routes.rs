//! Walks the table of routes: what it says about access is what happens.

use chorda::domain::actor::Role;
use chorda::web::Access;
use chorda::web::routes::{self, Method, Route};

use super::app::{Client, Page, TestApp};

/// A path of the route with every part filled in with something that exists nowhere.
fn concrete(route: &Route) -> String {
    let mut path = String::new();
    let mut inside = false;
    for c in route.path.chars() {
        match c {
            '{' => inside = true,
            '}' => {
                inside = false;
                path.push_str("nowhere-1");
            }
            c if !inside => path.push(c),
            _ => {}
        }
    }
    path
}

fn ask(client: &Client, route: &Route) -> Page {
    match route.method {
        Method::Get => client.get(&concrete(route)),
        Method::Post => client.post_form(&concrete(route), &[]),
    }
}

#[test]
fn every_route_but_the_public_ones_is_refused_to_a_stranger() {
    let app = TestApp::start();
    let nobody = app.anonymous();
    for route in routes::all().filter(|route| route.access != Access::Public) {
        let page = match route.method {
            Method::Get => nobody.get(&concrete(route)),
            Method::Post => nobody.post_raw(&concrete(route), &[]),
        };
        let turned_away =
            page.status == 401 || (page.status == 303 && page.location().starts_with("/sign-in"));
        assert!(turned_away, "{} {:?}: {}", route.path, route.method, page.status);
    }
}

#[test]
fn every_route_is_refused_to_each_role_without_its_capability_and_reached_by_the_others() {
    let app = TestApp::start();
    for role in Role::ALL {
        let client = app.client(role);
        let keeps_session = |route: &&Route| !["/lock", "/sign-out"].contains(&route.path);
        for route in routes::all().filter(keeps_session) {
            let page = ask(&client, route);
            let place = format!("{role:?} {:?} {}: {}", route.method, route.path, page.status);
            assert!(page.status < 500, "{place} {}", page.text());
            if route.access.allows(role) {
                let refused = page.text().contains("The role you are signed in with may not");
                assert!(!refused, "{place}");
            } else {
                assert_eq!(page.status, 403, "{place}");
            }
        }
    }
}

#[test]
fn malformed_input_never_makes_a_server_error() {
    let app = TestApp::start();
    let long = "x".repeat(5_000);
    let values = [
        "",
        "'",
        "\u{1d}",
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "-1",
        "1e400",
        "99999999999999999999",
        "č š ž",
        "0000-00-00",
        "{{7*7}}",
        "=1+1",
        &long,
    ];
    let names = [
        "code",
        "page",
        "q",
        "login",
        "password",
        "role",
        "what",
        "reason",
        "from",
        "until",
        "station",
        "kind",
        "back",
        "command_id",
        "sign_hash",
        "quantity",
        "volume",
        "state",
    ];
    for role in [Role::Technician, Role::Qa, Role::Administrator, Role::Clinician] {
        let client = app.client(role);
        let reachable =
            |route: &&Route| !["/lock", "/sign-out", "/unlock", "/sign-in"].contains(&route.path);
        for route in routes::all().filter(reachable).filter(|route| route.access.allows(role)) {
            for value in values {
                let fields: Vec<(&str, &str)> = names.iter().map(|name| (*name, value)).collect();
                let page = match route.method {
                    Method::Get => {
                        let query: Vec<String> = fields
                            .iter()
                            .filter(|(_, value)| value.len() < 400)
                            .map(|(name, value)| {
                                format!("{name}={}", chorda::web::form::query_value(value))
                            })
                            .collect();
                        client.get(&format!("{}?{}", concrete(route), query.join("&")))
                    }
                    Method::Post => client.post_form(&concrete(route), &fields),
                };
                let place = format!("{:?} {} {value:.20}", route.method, route.path);
                assert!(page.status < 500, "{place}: {} {}", page.status, page.text());
            }
        }
    }
}

#[test]
fn bodies_that_are_no_form_are_told_so() {
    let app = TestApp::start();
    let client = app.client(Role::Administrator);
    let form = "application/x-www-form-urlencoded";
    for (kind, bytes) in [
        (form, &b"login=%zz"[..]),
        (form, &b"login=%ff%fe"[..]),
        (form, &b"a=%00"[..]),
        ("application/json", &b"{\"a\":"[..]),
        ("multipart/form-data; boundary=x", &b"--x"[..]),
    ] {
        let page = client.post_bytes("/administration/people", kind, bytes);
        assert_eq!(page.status, 422, "{kind} {bytes:?}");
    }
    let large = vec![b'a'; 300 * 1024];
    assert_eq!(client.post_bytes("/administration/people", form, &large).status, 413);
}

#[test]
fn every_answer_carries_the_security_headers() {
    let app = TestApp::start();
    let client = app.client(Role::Qa);
    for page in [
        client.get("/"),
        client.get("/no-such-page"),
        client.get("/administration"),
        app.anonymous().get("/sign-in"),
        app.anonymous().get("/"),
        client.post_raw("/lock", &[]),
    ] {
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.contains("require-trusted-types-for 'script'"), "{policy}");
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
        assert!(page.header("permissions-policy").contains("camera=()"));
    }
}

#[test]
fn the_nonce_of_the_scripts_differs_at_every_answer() {
    let app = TestApp::start();
    let nonce = |page: &Page| {
        let policy = page.header("content-security-policy").to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(nonce.len() >= 32);
        assert!(page.body.contains(&format!("nonce=\"{nonce}\"")));
        nonce
    };
    let client = app.anonymous();
    assert_ne!(nonce(&client.get("/sign-in")), nonce(&client.get("/sign-in")));
}

#[test]
fn assets_are_kept_for_long_and_an_old_address_is_not_found() {
    let app = TestApp::start();
    let client = app.anonymous();
    let page = client.get("/sign-in");
    let address = page.body.split("href=\"").find(|part| part.starts_with("/assets/")).unwrap();
    let address = address.split('"').next().unwrap();
    let asset = client.get(address);
    assert_eq!(asset.status, 200);
    assert!(asset.header("cache-control").contains("immutable"));
    assert_eq!(client.get("/assets/000000000000/app.css").status, 404);
}

#[test]
fn no_two_routes_share_method_and_path_and_each_says_what_it_is_for() {
    let all: Vec<&Route> = routes::all().collect();
    for (index, route) in all.iter().enumerate() {
        assert!(!route.summary.is_empty(), "{}", route.path);
        let twins = all[..index]
            .iter()
            .filter(|other| other.path == route.path && other.method == route.method);
        assert_eq!(twins.count(), 0, "{}", route.path);
    }
}

#[test]
fn a_panic_is_an_answer_with_a_reference() {
    let reply = chorda::web::error::whatever_happens("0192-ab", || panic!("tried on purpose"));
    assert_eq!(reply.status, 500);
    let chorda::web::reply::Body::Made(body) = reply.body else { panic!("a made body") };
    assert!(String::from_utf8(body).unwrap().contains("0192-ab"));
}

#[test]
fn the_wrong_method_is_told_as_such_and_only_to_who_is_signed_in() {
    let app = TestApp::start();
    let client = app.client(Role::Administrator);
    assert_eq!(client.post_form("/account", &[]).status, 405);
    assert_eq!(client.get("/lock").status, 405);
    assert_eq!(client.get("/no-such-page").status, 404);
    assert!(app.anonymous().get("/lock").location().starts_with("/sign-in"));
}

#[test]
fn the_description_of_the_api_names_every_route_of_it_and_answers_are_as_described() {
    let app = TestApp::start();
    let client = app.client(Role::Qa);
    let document = client.get("/api/v1/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for route in routes::all().filter(|route| route.api.is_some()) {
        let method = if route.method == Method::Get { "get" } else { "post" };
        let operation = &document["paths"][route.path][method];
        assert_eq!(operation["summary"], route.summary, "{}", route.path);
        let name = route.api.unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    let me = client.get("/api/v1/me").json();
    assert_eq!(me["role"], "qa");
    let refused = app.anonymous().get("/api/v1/me");
    assert_eq!((refused.status, refused.json()["rule"].clone()), (401, "sign_in_needed".into()));
    assert_eq!(client.get("/api/v1/scan?code=zzz").json()["verdict"], "stop");
    assert_eq!(client.get("/api/v1/trace/zzz").json()["status"].as_u64().unwrap() / 100, 4);
}
