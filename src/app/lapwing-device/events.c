#include "app/lapwing-device/events.h"

#include <stdio.h>

#include "coap/code.h"
#include "lw/objects.h"
#include "model/tree.h"

#define TEXT_MAX 320

/* ---- Who --------------------------------------------------------------------------------------
 */

static bool is_account(lw_tree *tree, uint16_t security, uint16_t ssid)
{
    lw_value v;
    lw_path bootstrap =
        lw_path_resource(LW_OBJ_SECURITY, security, LW_RES_SECURITY_BOOTSTRAP_SERVER);
    lw_path id = lw_path_resource(LW_OBJ_SECURITY, security, LW_RES_SECURITY_SHORT_SERVER_ID);
    bool is_bootstrap = lw_tree_get(tree, bootstrap, &v) == LW_OK && v.as.boolean;
    if (ssid == 0 || is_bootstrap) {
        return ssid == 0 && is_bootstrap;
    }
    return lw_tree_get(tree, id, &v) == LW_OK && v.as.integer == ssid;
}

static lw_bytes uri_of(lw_tree *tree, uint16_t ssid)
{
    lw_path at = lw_path_object(LW_OBJ_SECURITY);
    while (lw_tree_next_instance(tree, &at)) {
        lw_value v;
        lw_path uri = lw_path_child(at, LW_RES_SECURITY_SERVER_URI);
        if (is_account(tree, lw_path_id(at, LW_LEVEL_INSTANCE), ssid) &&
            lw_tree_get(tree, uri, &v) == LW_OK) {
            return v.as.bytes;
        }
    }
    return lw_bytes_str("?");
}

/* ---- Why, and when again ----------------------------------------------------------------------
 */

/* What can be done about an answer; "" when the code says it all. */
static const char *hint_for(uint8_t code)
{
    switch (code) {
    case LW_COAP_BAD_REQUEST:
        return "; it may not know this endpoint name, or not like what it says";
    case LW_COAP_FORBIDDEN:
    case LW_COAP_UNAUTHORIZED:
        return "; it does not accept this endpoint name or its credentials";
    case LW_COAP_PRECONDITION_FAILED:
        return "; it does not speak any LwM2M version this device may use";
    case LW_COAP_NOT_FOUND:
        return "; it does not know the registration, or is no LwM2M server";
    default:
        return "";
    }
}

static void why_text(const lw_client_event *e, char out[TEXT_MAX])
{
    if (e->code != 0) {
        char code[5] = "";
        lw_coap_code_format(e->code, code);
        snprintf(out, TEXT_MAX, "the server answered %s %s%s", code, lw_coap_code_name(e->code),
                 hint_for(e->code));
    } else if (e->err == LW_ERESET) {
        snprintf(out, TEXT_MAX, "the server answered with Reset; is it an LwM2M server?");
    } else {
        snprintf(out, TEXT_MAX, "%s", lw_err_text(e->err));
    }
}

static void again_text(const lw_client_event *e, lw_time now, char out[TEXT_MAX])
{
    if (e->retry_at == LW_TIME_NEVER) {
        snprintf(out, TEXT_MAX, "not trying again by itself");
    } else if (e->retry_at <= now) {
        snprintf(out, TEXT_MAX, "trying again now");
    } else {
        lw_time s = (e->retry_at - now + 999) / 1000;
        snprintf(out, TEXT_MAX, "trying again in %lld s", (long long)s);
    }
}

/* ---- Sentences --------------------------------------------------------------------------------
 */

/* kind -> name for scripts, and the beginning of the sentence; `fails` when err and code tell. */
typedef struct sentence {
    const char *name;
    const char *text;
    bool fails;
    bool waits; /* retry_at says for what */
} sentence;

static const sentence sentences[] = {
    [LW_CLIENT_REGISTERED] = {"registered", "registered with", false, false},
    [LW_CLIENT_UPDATED] = {"updated", "updated the registration with", false, false},
    [LW_CLIENT_DEREGISTERED] = {"deregistered", "de-registered from", false, false},
    [LW_CLIENT_REGISTRATION_FAILED] = {"registration-failed", "could not register with", true,
                                       true},
    [LW_CLIENT_UPDATE_FAILED] = {"update-failed", "could not update the registration with", true,
                                 false}, /* what follows says when */
    [LW_CLIENT_LINK_FAILED] = {"link-failed", "no way to", true, false},
    [LW_CLIENT_DISABLED] = {"disabled", "disabled by", false, true},
    [LW_CLIENT_ASLEEP] = {"asleep", "asleep for", false, false},
    [LW_CLIENT_AWAKE] = {"awake", "awake for", false, false},
    [LW_CLIENT_BOOTSTRAP_STARTED] = {"bootstrap-started", "bootstrapping from", false, false},
    [LW_CLIENT_BOOTSTRAPPED] = {"bootstrapped", "bootstrapped by", false, false},
    [LW_CLIENT_BOOTSTRAP_FAILED] = {"bootstrap-failed", "could not bootstrap from", true, true},
    [LW_CLIENT_STOPPED] = {"stopped", "no server and no Bootstrap-Server is left to try", false,
                           false},
    [LW_CLIENT_SENT] = {"sent", "sent values to", false, false},
    [LW_CLIENT_REBOOT] = {"reboot", "asked to reboot", false, false},
    [LW_CLIENT_FACTORY_RESET] = {"factory-reset", "asked to go back to factory data", false, false},
};

static bool has_server(uint8_t kind)
{
    return kind != LW_CLIENT_STOPPED && kind != LW_CLIENT_REBOOT && kind != LW_CLIENT_FACTORY_RESET;
}

static void who_text(const lw_client_event *e, lw_bytes uri, char out[TEXT_MAX])
{
    int len = (int)(uri.len < 255 ? uri.len : 255);
    if (!has_server(e->kind)) {
        out[0] = '\0';
    } else if (e->ssid == 0) {
        snprintf(out, TEXT_MAX, " the Bootstrap-Server at %.*s", len, (const char *)uri.ptr);
    } else {
        snprintf(out, TEXT_MAX, " server %u at %.*s", e->ssid, len, (const char *)uri.ptr);
    }
}

static void put_fields(const report *r, const lw_client_event *e, lw_bytes uri, lw_time now)
{
    if (has_server(e->kind)) {
        report_number(r, "server", e->ssid);
        report_text(r, "uri", uri);
    }
    if (e->code != 0) {
        char code[4];
        lw_coap_code_format(e->code, code);
        report_text(r, "code", lw_bytes_of(code, sizeof code));
    }
    if (e->err != LW_OK) {
        report_text(r, "error", lw_bytes_str(lw_err_name(e->err)));
    }
    if (sentences[e->kind].waits && e->retry_at != LW_TIME_NEVER) {
        report_number(r, "retry_in_ms", e->retry_at > now ? e->retry_at - now : 0);
    }
}

void event_report(const report *r, lw_client *client, const lw_client_event *e,
                  const char *endpoint, lw_time now)
{
    char who[TEXT_MAX], why[TEXT_MAX], again[TEXT_MAX];
    const sentence *s = &sentences[e->kind];
    bool failed = s->fails || e->err != LW_OK;
    lw_bytes uri =
        has_server(e->kind) ? uri_of(lw_client_tree(client), e->ssid) : lw_bytes_of(NULL, 0);
    who_text(e, uri, who);
    why_text(e, why);
    again_text(e, now, again);
    report_begin(r, s->name);
    report_text(r, "endpoint", lw_bytes_str(endpoint));
    put_fields(r, e, uri, now);
    bool is_new = e->kind == LW_CLIENT_REGISTERED;
    report_end(r, "%s%s%s%s%s%s%s%s", s->text, who, is_new ? " as " : "", is_new ? endpoint : "",
               failed ? ": " : "", failed ? why : "", s->waits ? "; " : "", s->waits ? again : "");
}
