//! What a bucket's policy says to a call, as far as the simulated account needs it.

use crate::domain::resource::{OfResource, ResourceName, ResourceType};
use crate::sim::cloud::account::State;
use crate::sim::cloud::authorize::principal_arn;
use crate::sim::cloud::calls::Call;
use crate::sim::cloud::policies::Verdict;
use crate::sim::cloud::record::RESOURCE_REGION;
use crate::sim::cloud::sessions::Caller;
use serde_json::Value;

impl State {
    /// What the policy of the bucket says to a call about it. Of policies it understands what is
    /// needed here: everybody or a list, and the one condition that keyleak writes.
    pub(super) fn bucket_verdict(&self, caller: &Caller, call: &Call) -> Verdict {
        let id = call.argument("bucketName").filter(|_| call.service == "s3");
        let Some(id) = id else { return Verdict::Silent };
        let (of, account) = (ResourceType::Bucket, self.account.clone());
        let name =
            ResourceName { of, account, region: RESOURCE_REGION.to_owned(), id: id.to_owned() };
        let state = self.resources.get(&name).map(|resource| &resource.state);
        let Some(OfResource::Bucket { policy: Some(policy) }) = state else {
            return Verdict::Silent;
        };
        let document: Value = serde_json::from_str(policy).unwrap_or_default();
        let arn = principal_arn(self, caller);
        let action = call.action();
        let verdicts = document["Statement"].as_array().into_iter().flatten().map(|statement| {
            let spared = texts(&statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]);
            let named = texts(&statement["Principal"]["AWS"]);
            let named =
                statement["Principal"] == "*" || named.iter().any(|one| *one == "*" || *one == arn);
            let asked = match statement.get("NotAction") {
                Some(but) => !texts(but).contains(&action.as_str()),
                None => {
                    texts(&statement["Action"]).iter().any(|one| *one == "s3:*" || *one == action)
                }
            };
            match statement["Effect"].as_str() {
                _ if !named || !asked || spared.contains(&arn.as_str()) => Verdict::Silent,
                Some("Deny") => Verdict::Deny,
                Some("Allow") => Verdict::Allow,
                Some(_) | None => Verdict::Silent,
            }
        });
        verdicts.max().unwrap_or(Verdict::Silent)
    }
}

fn texts(value: &Value) -> Vec<&str> {
    let many = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    many.iter().filter_map(Value::as_str).collect()
}
