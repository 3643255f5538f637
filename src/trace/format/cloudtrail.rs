//! Records of AWS CloudTrail.
//!
//! `userIdentity.accessKeyId` is the key that was used: one elsewhere in a record is what something was done to.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>,
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.

use serde_json::Value;

use super::{
    super::{
        event::{Format, Outcome, Persistence},
        time::Zone,
    },
    Said, field,
};

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    let identity = value.get("userIdentity")?;
    let (source, name) = (field::text(value, &["eventSource"])?, field::text(value, &["eventName"])?);
    let service = source.split('.').next().unwrap_or_default();
    let said = Said {
        at: field::instant(value, &["eventTime"], zone),
        address: field::address(value, &["sourceIPAddress"]),
        agent: field::text(value, &["userAgent"]),
        action: format!("{service}:{name}"),
        object: object(value),
        outcome: outcome(value),
        bytes: field::number(value, &["additionalEventData.bytesTransferredOut"]),
        principal: field::text(identity, &["arn", "principalId", "userName", "invokedBy"]),
        persistence: persistence(&name),
        credential: Some(field::text(identity, &["accessKeyId"]).unwrap_or_default()),
        ..Said::default()
    };
    Some((Format::CloudTrail, said))
}

fn object(value: &Value) -> Option<String> {
    let named = [
        "resources.0.ARN",
        "resources.0.arn",
        "requestParameters.bucketName",
        "requestParameters.secretId",
        "requestParameters.userName",
        "requestParameters.roleArn",
        "requestParameters.roleName",
        "requestParameters.functionName",
        "requestParameters.instanceId",
        "requestParameters.name",
        "requestParameters.keyId",
    ];
    let found = field::text(value, &named)?;
    Some(match field::text(value, &["requestParameters.key"]) {
        Some(key) if !found.contains(&key) => format!("{found}/{key}"),
        _ => found,
    })
}

fn outcome(value: &Value) -> Outcome {
    let denied =
        ["denied", "unauthorized", "invalidclienttokenid", "authfailure", "signaturedoesnotmatch", "expiredtoken"];
    match field::text(value, &["errorCode"]) {
        Some(code) if field::says(&code, &denied) => Outcome::Denied,
        Some(_) => Outcome::Failed,
        None if field::text(value, &["responseElements.ConsoleLogin"]).as_deref() == Some("Failure") => Outcome::Denied,
        None => Outcome::Allowed,
    }
}

fn persistence(name: &str) -> Option<Persistence> {
    Some(match name {
        "CreateAccessKey"
        | "CreateLoginProfile"
        | "UpdateLoginProfile"
        | "CreateKeyPair"
        | "ImportKeyPair"
        | "UploadSSHPublicKey"
        | "CreateServiceSpecificCredential"
        | "UploadSigningCertificate"
        | "GetFederationToken" => Persistence::KeyCreated,
        "CreateUser"
        | "CreateRole"
        | "CreateSAMLProvider"
        | "CreateOpenIDConnectProvider"
        | "CreateVirtualMFADevice" => Persistence::UserCreated,
        "AttachUserPolicy"
        | "AttachRolePolicy"
        | "AttachGroupPolicy"
        | "PutUserPolicy"
        | "PutRolePolicy"
        | "PutGroupPolicy"
        | "AddUserToGroup"
        | "UpdateAssumeRolePolicy"
        | "CreatePolicyVersion"
        | "SetDefaultPolicyVersion"
        | "PutBucketPolicy"
        | "PutBucketAcl"
        | "PutKeyPolicy"
        | "CreateGrant"
        | "AddPermission20150331v2"
        | "ModifySnapshotAttribute"
        | "ModifyImageAttribute" => Persistence::Granted,
        "CreateEventSourceMapping20150331"
        | "PutBucketNotification"
        | "Subscribe"
        | "PutTargets"
        | "PutSubscriptionFilter" => Persistence::HookCreated,
        "CreateReceiptRule"
        | "AuthorizeSecurityGroupIngress"
        | "CreateVpcPeeringConnection"
        | "PutBucketReplication" => Persistence::ForwardingRule,
        "StopLogging"
        | "DeleteTrail"
        | "UpdateTrail"
        | "PutEventSelectors"
        | "DeleteFlowLogs"
        | "DeleteLogGroup"
        | "DeleteLogStream"
        | "DeleteDetector"
        | "UpdateDetector"
        | "StopConfigurationRecorder"
        | "DeleteConfigurationRecorder"
        | "DeleteAlarms"
        | "DisableAlarmActions"
        | "DisableRule"
        | "DisableSecurityHub"
        | "DeactivateMFADevice" => Persistence::LogTurnedOff,
        _ => return None,
    })
}
