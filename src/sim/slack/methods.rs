//! The Web API methods this workspace serves: arguments, scopes, tiers.

use crate::sim::slack::call::{Call, Reply};
use crate::sim::slack::pace::Tier;
use crate::sim::slack::state::State;
use crate::sim::slack::{
    channels, files, history, marks, members, messages, people, validate, views,
};

/// One method as Slack documents it.
#[derive(Debug)]
pub struct Method {
    pub name: &'static str,
    /// Whether the body may be JSON.
    pub json: bool,
    pub tier: Tier,
    /// Any of these will do; channel methods also look at the kind of channel.
    pub scopes: &'static [&'static str],
    /// Argument names besides `token`.
    pub args: &'static str,
    pub(super) run: fn(&mut State, &Call) -> Reply,
}

const READ: &[&str] = &["channels:read", "groups:read", "im:read", "mpim:read"];
const HISTORY: &[&str] = &["channels:history", "groups:history", "im:history", "mpim:history"];
const MANAGE: &[&str] =
    &["channels:manage", "channels:write", "groups:write", "im:write", "mpim:write"];
const TOPIC: &[&str] = &[
    "channels:write.topic",
    "channels:manage",
    "groups:write.topic",
    "groups:write",
    "im:write.topic",
    "im:write",
    "mpim:write.topic",
    "mpim:write",
];
const INVITE: &[&str] = &[
    "channels:write.invites",
    "channels:manage",
    "groups:write.invites",
    "groups:write",
    "im:write",
    "mpim:write",
];
const CHAT: &[&str] = &["chat:write"];
const POST_ARGS: &str = "as_user attachments blocks channel current_draft_last_updated_ts \
    icon_emoji icon_url link_names markdown_text metadata mrkdwn parse reply_broadcast text \
    thread_ts unfurl_links unfurl_media username";
const EPHEMERAL_ARGS: &str = "as_user attachments blocks channel icon_emoji icon_url link_names \
    markdown_text metadata parse text thread_ts user username";
const UPDATE_ARGS: &str = "as_user attachments unfurled_attachments blocks markdown_text metadata \
    channel link_names parse text ts reply_broadcast file_ids";
const HISTORY_ARGS: &str = "channel cursor include_all_metadata inclusive latest limit oldest";
const REPLIES_ARGS: &str = "channel cursor include_all_metadata inclusive latest limit oldest ts";
const COMPLETE_ARGS: &str = "files channel_id thread_ts channels initial_comment blocks username \
    icon_url icon_emoji";
const BOOKMARK_ARGS: &str = "channel_id title link type emoji entity_id access_level parent_id";

type Run = fn(&mut State, &Call) -> Reply;

const fn method(
    (name, json, tier): (&'static str, bool, Tier),
    scopes: &'static [&'static str],
    args: &'static str,
    run: Run,
) -> Method {
    Method { name, json, tier, scopes, args, run }
}

/// The method of this name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

use Tier::{Four, Special, Three, Two};

/// Every method served.
pub const METHODS: &[Method] = &[
    method(("apps.connections.open", true, Three), &[], "", people::open_connection),
    method(("api.test", true, Four), &[], "error", people::api_test),
    method(("auth.test", true, Special), &[], "", people::auth_test),
    method(("team.info", true, Three), &["team:read"], "domain team", people::team_info),
    method(("bots.info", false, Three), &["users:read"], "bot team_id", people::bots_info),
    method(("users.info", false, Four), &["users:read"], "user include_locale", people::users_info),
    method(
        ("users.list", false, Two),
        &["users:read"],
        "cursor include_locale limit team_id",
        people::users_list,
    ),
    method(
        ("users.lookupByEmail", false, Three),
        &["users:read.email"],
        "email",
        people::lookup_by_email,
    ),
    method(
        ("usergroups.list", false, Two),
        &["usergroups:read"],
        "include_count include_disabled include_users team_id",
        people::groups_list,
    ),
    method(
        ("usergroups.users.list", false, Two),
        &["usergroups:read"],
        "include_disabled usergroup team_id",
        people::group_users,
    ),
    method(
        ("conversations.create", true, Two),
        MANAGE,
        "name is_private team_id",
        channels::create,
    ),
    method(
        ("conversations.info", false, Three),
        READ,
        "channel include_locale include_num_members",
        channels::info,
    ),
    method(
        ("conversations.list", false, Two),
        READ,
        "cursor exclude_archived limit team_id types",
        channels::list,
    ),
    method(("conversations.members", false, Four), READ, "channel cursor limit", members::list),
    method(("conversations.invite", true, Three), INVITE, "channel force users", members::invite),
    method(
        ("conversations.kick", true, Three),
        &["groups:write", "channels:manage"],
        "channel user",
        members::kick,
    ),
    method(("conversations.join", true, Three), &["channels:join"], "channel", members::join),
    method(("conversations.leave", true, Three), MANAGE, "channel", members::leave),
    method(("conversations.rename", true, Two), MANAGE, "channel name", channels::rename),
    method(("conversations.setTopic", true, Two), TOPIC, "channel topic", channels::set_topic),
    method(
        ("conversations.setPurpose", true, Two),
        TOPIC,
        "channel purpose",
        channels::set_purpose,
    ),
    method(("conversations.archive", true, Two), MANAGE, "channel", channels::archive),
    method(("conversations.unarchive", true, Two), MANAGE, "channel", channels::unarchive),
    method(
        ("conversations.open", true, Three),
        &["channels:manage", "groups:write", "im:write", "mpim:write"],
        "channel return_im users prevent_creation",
        channels::open,
    ),
    method(("conversations.history", true, Three), HISTORY, HISTORY_ARGS, history::history),
    method(("conversations.replies", false, Three), HISTORY, REPLIES_ARGS, history::replies),
    method(("chat.postMessage", true, Special), CHAT, POST_ARGS, messages::post),
    method(("chat.update", true, Three), CHAT, UPDATE_ARGS, messages::update),
    method(("chat.delete", true, Three), CHAT, "as_user channel ts", messages::delete),
    method(("chat.postEphemeral", true, Four), CHAT, EPHEMERAL_ARGS, messages::post_ephemeral),
    method(("chat.getPermalink", false, Special), &[], "channel message_ts", messages::permalink),
    method(("views.open", true, Four), &[], "trigger_id interactivity_pointer view", views::open),
    method(("views.push", true, Four), &[], "trigger_id interactivity_pointer view", views::push),
    method(("views.update", true, Four), &[], "view_id external_id view hash", views::update),
    method(
        ("views.publish", true, Four),
        &[],
        "user_id view hash interactivity_pointer",
        views::publish,
    ),
    method(("pins.add", true, Two), &["pins:write"], "channel timestamp", marks::pin),
    method(("pins.remove", true, Two), &["pins:write"], "channel timestamp", marks::unpin),
    method(("pins.list", false, Two), &["pins:read"], "channel", marks::pins),
    method(("bookmarks.add", true, Two), &["bookmarks:write"], BOOKMARK_ARGS, marks::bookmark),
    method(("bookmarks.list", true, Three), &["bookmarks:read"], "channel_id", marks::bookmarks),
    method(
        ("reactions.add", true, Three),
        &["reactions:write"],
        "channel name timestamp",
        marks::react,
    ),
    method(
        ("files.getUploadURLExternal", false, Four),
        &["files:write"],
        "length filename snippet_type alt_txt",
        files::upload_url,
    ),
    method(
        ("files.completeUploadExternal", true, Four),
        &["files:write"],
        COMPLETE_ARGS,
        files::complete,
    ),
    method(
        ("files.info", false, Four),
        &["files:read"],
        "count cursor file limit page",
        files::info,
    ),
    method(("blocks.validate", true, Special), &[], "blocks message view", validate::blocks),
];
