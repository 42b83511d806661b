//! System users: what a customer has approved for a vendor's system.

use uuid::Uuid;

/// A system user to register with
/// [`Stub::register_system_user`](crate::Stub::register_system_user).
///
/// ```
/// let user = maskinporten_stub::SystemUser::of("310702641")
///     .system_id("991825827_smartcloud")
///     .client_id("5f2c1d60-7a34-4d0e-9a8b-6c3e51f0d2a7")
///     .external_ref("branch-7");
/// ```
#[derive(Clone, Debug)]
pub struct SystemUser {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) system_id: String,
    pub(crate) clients: Vec<String>,
    pub(crate) external_ref: String,
}

impl SystemUser {
    /// A system user owned by the customer with that organisation number, not yet of any system.
    #[must_use]
    pub fn of(customer_org_number: impl Into<String>) -> Self {
        let owner = customer_org_number.into();
        Self {
            id: Uuid::new_v4().to_string(),
            external_ref: owner.clone(),
            owner,
            system_id: String::new(),
            clients: Vec::new(),
        }
    }

    /// The vendor's system: `<vendor's organisation number>_<name>`.
    #[must_use]
    pub fn system_id(mut self, system_id: impl Into<String>) -> Self {
        self.system_id = system_id.into();
        self
    }

    /// Adds a client that the system may use.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.clients.push(client_id.into());
        self
    }

    /// The vendor's own reference; the customer's organisation number when not set.
    #[must_use]
    pub fn external_ref(mut self, external_ref: impl Into<String>) -> Self {
        self.external_ref = external_ref.into();
        self
    }

    /// The id that tokens carry as `systemuser_id`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}
