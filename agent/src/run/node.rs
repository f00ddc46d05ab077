//! The node as the running agent knows it, and its answers.

use std::cell::{Cell, Ref, RefCell};
use std::time::{Instant, SystemTime};

use crate::clock::{Clock, Reading};
use crate::config::{Community, Image, Settings};
use crate::host;
use crate::http::{Body, Request, Response, Route, route};
use crate::key::NodeId;
use crate::metrics::{Served, metrics};
use crate::net::Service;
use crate::root::Root;
use crate::status::{self, Status, Uplink};

pub(super) struct Node {
    root: Root,
    settings: RefCell<Settings>,
    community: Community,
    image: Image,
    id: NodeId,
    clock: Clock,
    started: Instant,
    served: Cell<Served>,
    uplink: RefCell<Option<Uplink>>,
}

impl Node {
    pub(super) fn new(
        root: Root,
        settings: Settings,
        community: Community,
        image: Image,
        id: NodeId,
    ) -> Self {
        Self {
            root,
            settings: RefCell::new(settings),
            community,
            clock: Clock::new(image.epoch),
            image,
            id,
            started: Instant::now(),
            served: Cell::default(),
            uplink: RefCell::default(),
        }
    }

    pub(super) fn settings(&self) -> Ref<'_, Settings> {
        self.settings.borrow()
    }

    /// Puts new settings in place and gives the old ones back.
    pub(super) fn replace_settings(&self, settings: Settings) -> Settings {
        self.settings.replace(settings)
    }

    #[cfg(feature = "full")]
    /// Puts the result of an uplink check in place; `None` when none is made.
    pub(super) fn set_uplink(&self, uplink: Option<Uplink>) {
        self.uplink.replace(uplink);
    }

    pub(super) fn now(&self) -> Reading {
        self.clock.read(SystemTime::now())
    }

    /// What the node's clock reads, as code that knows nothing of the node needs it.
    #[cfg(feature = "full")]
    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    /// The line logged at start.
    pub(super) fn greeting(&self) -> String {
        let settings = self.settings();
        format!(
            "{} ({}) is up: node {} of {}, site {}",
            crate::VERSION,
            crate::TIER,
            self.id,
            self.community.name,
            settings.site.as_ref().unwrap_or(&self.image.site)
        )
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Served)) {
        let mut served = self.served.get();
        change(&mut served);
        self.served.set(served);
    }

    fn status(&self) -> Status {
        let settings = self.settings();
        Status {
            version: 1,
            node: status::Node {
                id: self.id.to_string(),
                community: self.community.name.clone(),
                domain: self.community.domain.clone(),
                site: settings
                    .site
                    .clone()
                    .unwrap_or_else(|| self.image.site.clone()),
                zone: settings.zone.clone(),
                number: settings.number.or(self.image.node),
            },
            agent: status::Agent {
                version: crate::VERSION,
                tier: crate::TIER,
                uptime_s: self.started.elapsed().as_secs(),
                process: host::process(),
            },
            image: status::Image {
                plan: self.image.plan.clone(),
                epoch: self.image.epoch,
                device: self.image.device.clone(),
                clom: self.image.clom.clone(),
            },
            clock: self.now(),
            host: host::read(&self.root),
            uplink: self.uplink.borrow().clone(),
        }
    }
}

impl Service for Node {
    fn answer(&self, request: &Request) -> Response {
        log::debug!("{:?} {}", request.method, request.path);
        let body = match route(request) {
            Ok(Route::Page) => Body::Html(status::page(&self.status())),
            Ok(Route::Text) => Body::Text(status::text(&self.status())),
            Ok(Route::Metrics) => Body::Prometheus(metrics(&self.status(), &self.served.get())),
            Ok(Route::Health) => Body::Text("ok\n".to_owned()),
            Ok(Route::Json) => match self.status().json() {
                Ok(json) => Body::Json(json),
                Err(error) => return Response::error(503, &error.to_string()),
            },
            Err(response) => return response,
        };
        Response::ok(body)
    }

    fn date(&self) -> Option<SystemTime> {
        let now = self.now();
        now.trusted.then(|| now.time())
    }

    fn answered(&self, status: u16) {
        let class = match status {
            ..400 => 0,
            400..500 => 1,
            _ => 2,
        };
        self.count(|served| {
            if let Some(count) = served.answered.get_mut(class) {
                *count += 1;
            }
        });
    }
}
