//! Where the replies of the simulator are known to differ from the official description, and why.
//! Every entry is shown to be true by a test: one that is not needed any more makes it fail.

/// A difference in the words of the validator, and its reason.
pub(crate) const KNOWN: &[(&str, &str)] = &[
    // Keys that real clients rely on, or that a later edition of the description has.
    ("App.app_role is not described", "sent by the platform (fly-go: App)"),
    ("App.cname_target is not described", "sent by the platform (fly-go: App)"),
    ("Machine.cordoned is not described", "sent by the platform (fly-go: Machine)"),
    ("Machine.lease is not described", "a later edition; only with include_leases"),
    ("Machine.version is not described", "sent by the platform (fly-go: Machine)"),
    ("Lease.data is not described", "flyctl wants the lease wrapped"),
    ("Lease.status is not described", "flyctl wants the lease wrapped"),
    ("fly.MachineConfig.spot is not described", "what a client sends comes back as it was sent"),
    (
        "fly.MachineService.autostop is boolean, not string",
        "clients send both, and the platform answers with booleans (fly-go: MachineAutostop)",
    ),
    ("main.statusCode is \"name_taken\", which is not among the values", "a later edition"),
    // Volumes without a machine, as the examples of the documentation show them.
    ("OrgVolume.attached_alloc_id is null, not string", "no machine has the volume"),
    ("OrgVolume.attached_machine_id is null, not string", "no machine has the volume"),
    ("Volume.attached_alloc_id is null, not string", "no machine has the volume"),
    ("Volume.attached_machine_id is null, not string", "no machine has the volume"),
    // Bodies of calls that are described without one.
    ("POST /apps has a body", "id, name and time of creation, as flyctl reads them"),
    ("POST /apps/{app_name}/volumes/{volume_id}/snapshots has a body", "the snapshot"),
    ("POST /apps/{app_name}/machines/{machine_id}/start has a body", "the state before"),
    ("DELETE /apps/{app_name}/machines/{machine_id} has a body", OK),
    ("DELETE /apps/{app_name}/machines/{machine_id}/lease has a body", OK),
    ("POST /apps/{app_name}/machines/{machine_id}/cordon has a body", OK),
    ("POST /apps/{app_name}/machines/{machine_id}/restart has a body", OK),
    ("POST /apps/{app_name}/machines/{machine_id}/signal has a body", OK),
    ("POST /apps/{app_name}/machines/{machine_id}/stop has a body", OK),
    ("POST /apps/{app_name}/machines/{machine_id}/suspend has a body", OK),
    ("POST /apps/{app_name}/machines/{machine_id}/uncordon has a body", OK),
    // Refusals that have been seen in public, or that the documentation tells of.
    ("status 400 is not described", REFUSAL),
    ("status 401 is not described", REFUSAL),
    ("status 404 is not described", REFUSAL),
    ("status 408 is not described", REFUSAL),
    ("status 409 is not described", REFUSAL),
    ("status 412 is not described", REFUSAL),
    ("status 422 is not described", REFUSAL),
    ("status 429 is not described", "the documented rate limits"),
];

const OK: &str = "the platform says ok: true";
const REFUSAL: &str = "most operations are described without their refusals";

/// Keys that the description has and the simulator never sends, and why not.
pub(crate) const NEVER: &[(&str, &str)] = &[
    ("ErrorResponse.details", "deprecated"),
    ("Machine.incomplete_config", "only of a machine whose host is not well"),
    ("SetAppSecretResponse.value", "whoever sent it knows it"),
    ("main.tokenInfo.apps", "the token is for the whole organization"),
    ("main.tokenInfo.restricted_to_machine", "the token is for the whole organization"),
    ("main.tokenInfo.source_machine_id", "no machine makes the request"),
];

/// Whether a difference is known.
pub(crate) fn is_known(difference: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == difference)
}
