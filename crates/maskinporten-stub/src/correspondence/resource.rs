//! Resources of the resource registry, as far as the API looks at them.

/// A resource to register with [`Stub::add_resource`](crate::Stub::add_resource).
///
/// ```
/// let resource = maskinporten_stub::Resource::new("skd-taushetsbelagt", "974761076").confidential();
/// ```
#[derive(Clone, Debug)]
pub struct Resource {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) is_confidential: bool,
    pub(crate) is_correspondence_service: bool,
}

impl Resource {
    /// A resource for correspondences that are not confidential, owned by that organisation.
    #[must_use]
    pub fn new(id: impl Into<String>, owner_org_number: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            owner: owner_org_number.into(),
            is_confidential: false,
            is_correspondence_service: true,
        }
    }

    /// Makes it one for confidential correspondences only: 1061 for others.
    #[must_use]
    pub fn confidential(mut self) -> Self {
        self.is_confidential = true;
        self
    }

    /// Makes it one of another type than `CorrespondenceService`: 4010, and 4009 for attachments.
    #[must_use]
    pub fn of_another_type(mut self) -> Self {
        self.is_correspondence_service = false;
        self
    }
}
