#include "proto/register.h"

#include "base/num.h"
#include "codec/path_text.h"
#include "proto/endpoint.h"

#define RESOURCE_TYPE    "oma.lwm2m"
#define PATH_OF_REGISTER "\xB2rd" /* kept as a location is */

/* ---- Bindings ------------------------------------------------------------------------------- */

static const char binding_letters[] = "UMHTSN";

size_t lw_binding_format(unsigned bindings, bool queue, lw_version version,
                         char out[LW_BINDING_TEXT_MAX])
{
    size_t len = 0;
    bool put_queue = queue && lw_version_has(version, LW_FEATURE_QUEUE_IN_BINDING);
    for (unsigned i = 0; binding_letters[i] != '\0'; i++) {
        if ((bindings >> i & 1u) == 0) {
            continue;
        }
        out[len++] = binding_letters[i];
        if (put_queue) {
            out[len++] = 'Q';
            put_queue = false;
        }
    }
    return len;
}

static bool version_has_bindings(lw_version version, unsigned bindings)
{
    const unsigned t_n = LW_BINDING_T | LW_BINDING_N;
    const unsigned m_h = LW_BINDING_M | LW_BINDING_H;
    return ((bindings & t_n) == 0 || lw_version_has(version, LW_FEATURE_BINDING_T_N)) &&
           ((bindings & m_h) == 0 || lw_version_has(version, LW_FEATURE_BINDING_M_H));
}

/* Of 1.0 exactly the six values; later the letters in any order, each once, and no Q. */
static bool is_strict_binding(lw_bytes text, lw_version version, unsigned bindings, bool queue)
{
    char canonical[LW_BINDING_TEXT_MAX];
    size_t len = lw_binding_format(bindings, queue, version, canonical);
    if (!version_has_bindings(version, bindings)) {
        return false;
    }
    if (lw_version_has(version, LW_FEATURE_QUEUE_IN_BINDING)) {
        return lw_bytes_equal(text, lw_bytes_of(canonical, len));
    }
    return !queue && len == text.len;
}

lw_err lw_binding_parse(lw_bytes text, bool strict, lw_version version, uint8_t *out_bindings,
                        bool *out_queue)
{
    unsigned bindings = 0;
    bool queue = false;
    for (size_t i = 0; i < text.len; i++) {
        const char *letter = memchr(binding_letters, text.ptr[i], sizeof binding_letters - 1);
        if (text.ptr[i] == 'Q') {
            queue = true;
        } else if (letter != NULL) {
            bindings |= 1u << (letter - binding_letters);
        } else {
            return LW_EFORMAT;
        }
    }
    if (bindings == 0 || (strict && !is_strict_binding(text, version, bindings, queue))) {
        return LW_EFORMAT;
    }
    *out_bindings = (uint8_t)bindings;
    *out_queue = queue;
    return LW_OK;
}

/* ---- Profiles (REG-51) ---------------------------------------------------------------------- */

static bool is_lower_hex(uint8_t c)
{
    return lw_num_is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_name_char(uint8_t c)
{
    uint8_t lower = c | 0x20;
    return lw_num_is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-';
}

static bool are_all(lw_bytes text, bool (*belongs)(uint8_t))
{
    for (size_t i = 0; i < text.len; i++) {
        if (!belongs(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

/* dynamic "6:27354b9a", or preconf "oma:name" and "v:name". */
static bool is_profile(lw_bytes profile)
{
    lw_bytes value = profile;
    lw_bytes kind = lw_bytes_cut(&value, ':');
    if (lw_bytes_is(kind, "oma") || lw_bytes_is(kind, "v")) {
        return are_all(value, is_name_char);
    }
    return are_all(kind, lw_num_is_digit) && are_all(value, is_lower_hex);
}

bool lw_profile_next(lw_bytes *profiles, lw_bytes *out_profile)
{
    *out_profile = lw_bytes_cut(profiles, ',');
    return is_profile(*out_profile);
}

/* Several only in quotes. */
static bool take_profiles(lw_bytes value, lw_bytes *out_profiles)
{
    bool quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
    *out_profiles = quoted ? lw_bytes_of(value.ptr + 1, value.len - 2) : value;
    size_t count = 1;
    for (size_t i = 0; i < out_profiles->len; i++) {
        count += out_profiles->ptr[i] == ',' ? 1u : 0u;
    }
    lw_bytes rest = *out_profiles;
    lw_bytes profile;
    for (size_t i = 0; i < count; i++) {
        if (!lw_profile_next(&rest, &profile)) {
            return false;
        }
    }
    return quoted || count == 1;
}

/* ---- Location ------------------------------------------------------------------------------- */

lw_err lw_location_read(lw_bytes options, lw_location *out_location)
{
    lw_writer w;
    lw_coap_out out;
    lw_writer_init(&w, out_location->octets, sizeof out_location->octets);
    lw_coap_begin_options(&out, &w);
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_bytes segment;
    while (lw_coap_opt_next_of(&it, LW_COAP_OPT_LOCATION_PATH, &segment)) {
        lw_coap_put(&out, LW_COAP_OPT_URI_PATH, segment);
    }
    out_location->len = (uint8_t)w.pos;
    return w.err == LW_OK && w.pos == 0 ? LW_ENOTFOUND : w.err;
}

/* ---- A device puts -------------------------------------------------------------------------- */

void lw_registration_begin(lw_coap_out *out, const lw_location *location, bool has_list)
{
    const void *octets = location != NULL ? location->octets : (const void *)PATH_OF_REGISTER;
    lw_write_octets(out->w, octets, location != NULL ? location->len : sizeof PATH_OF_REGISTER - 1);
    out->number = LW_COAP_OPT_URI_PATH;
    if (has_list) {
        lw_coap_put_uint(out, LW_COAP_OPT_CONTENT_FORMAT, LW_CF_LINK);
    }
}

void lw_binding_put(lw_coap_out *out, lw_bytes letters, bool queue)
{
    char text[LW_BINDING_TEXT_MAX + 2]; /* one that is longer is cut */
    size_t len = 0;
    for (size_t i = 0; i < letters.len && len < LW_BINDING_TEXT_MAX; i++) {
        if (letters.ptr[i] == 'Q') {
            continue;
        }
        text[len++] = (char)letters.ptr[i];
        if (queue) {
            text[len++] = 'Q';
            queue = false;
        }
    }
    text[len] = '\0';
    lw_query_put(out, "b=", text);
}

static void put_octets(lw_coap_out *out, const char *name, lw_bytes value, const char *quote)
{
    uint8_t text[LW_QUERY_MAX];
    lw_writer w;
    lw_writer_init(&w, text, sizeof text);
    lw_write_str(&w, quote);
    lw_write_bytes(&w, value);
    lw_write_str(&w, quote);
    lw_write_u8(&w, '\0');
    lw_writer_fail(out->w, w.err);
    lw_query_put(out, name, w.err == LW_OK ? (const char *)text : "");
}

void lw_registration_put_more(lw_coap_out *out, const lw_registration *reg)
{
    if ((reg->given & LW_REG_SMS) != 0) {
        put_octets(out, "sms=", reg->sms, "");
    }
    if ((reg->given & LW_REG_PROFILES) != 0) {
        bool is_list =
            reg->profiles.len > 0 && memchr(reg->profiles.ptr, ',', reg->profiles.len) != NULL;
        put_octets(out, "pid=", reg->profiles, is_list ? "\"" : "");
    }
}

/* From here on the first format worth announcing: one that a server cannot take for granted. NULL
 * at the end. */
static const lw_format *const *next_announced(const lw_format *const *f, unsigned version)
{
    while (*f != NULL && (((*f)->uses & LW_FORMAT_STRUCTURED) == 0 || (*f)->id == LW_CF_TLV ||
                          (*f)->since > version)) {
        f++;
    }
    return f;
}

void lw_object_list_begin(lw_link_out *out, lw_writer *w, const lw_format *const *formats,
                          lw_version version)
{
    lw_link_begin(out, w);
    const lw_format *const *f = next_announced(formats, version);
    if (*f == NULL) {
        return;
    }
    const char *quote = *next_announced(f + 1, version) != NULL ? "\"" : "";
    out->begun = true;
    lw_write_str(w, "</>;ct=");
    lw_write_str(w, quote);
    lw_write_id(w, (*f)->id);
    while (*(f = next_announced(f + 1, version)) != NULL) {
        lw_write_u8(w, ' ');
        lw_write_id(w, (*f)->id);
    }
    lw_write_str(w, quote);
}

void lw_object_list_put(lw_link_out *out, lw_path path, const lw_object_version *version)
{
    if (lw_request_is_forbidden(&path)) {
        return; /* REG-21; /24 is adopted (P-REG-14) */
    }
    lw_link_put(out, &path);
    if (version != NULL) {
        lw_link_put_version(out, version);
    }
}

/* ---- A server reads the list ---------------------------------------------------------------- */

typedef enum verdict { TAKEN, SKIPPED, REFUSED } verdict;

/* Does `rt`, a list separated by blanks, name our root? */
static bool is_root_type(lw_bytes types)
{
    while (types.len > 0) {
        if (lw_bytes_is(lw_bytes_cut(&types, ' '), RESOURCE_TYPE)) {
            return true;
        }
    }
    return false;
}

/* Keeps what a link to the root announces (REG-23, VER-30). Other links without numbers are
 * resources of no concern to us. */
static void take_root(lw_object_list *list, const lw_corelink *link)
{
    lw_bytes prefix;
    lw_path path;
    if (link->attrs.len == 0 || lw_link_target_split(link->target, &prefix, &path) != LW_OK ||
        lw_path_reaches(path, LW_LEVEL_OBJECT)) {
        return;
    }
    lw_link_attr attr;
    bool is_ours = lw_link_attr_find(link, "rt", &attr) && is_root_type(attr.value);
    if (prefix.len > 0 && !is_ours) {
        return;
    }
    if (prefix.len > 0) {
        list->alternate_path = prefix;
    }
    if (lw_link_attr_find(link, "ct", &attr)) {
        list->formats = attr.value;
    }
}

static verdict judge(const lw_object_list *list, const lw_corelink *link, lw_object_link *out_link)
{
    verdict out_of_place = list->strict ? REFUSED : SKIPPED;
    lw_bytes prefix;
    *out_link = (lw_object_link){.has_version = false};
    lw_path *path = &out_link->path;
    if (lw_link_target_split(link->target, &prefix, path) != LW_OK) {
        return out_of_place;
    }
    if (!lw_path_reaches(*path, LW_LEVEL_OBJECT) ||
        (prefix.len > 0 && !lw_bytes_equal(prefix, list->alternate_path))) {
        return SKIPPED;
    }
    if (lw_path_reaches(*path, LW_LEVEL_RESOURCE) || lw_path_is_chosen(*path) ||
        lw_request_is_forbidden(path)) {
        return lw_path_id(*path, LW_LEVEL_OBJECT) == 24 ? SKIPPED : out_of_place;
    }
    lw_link_attr attr;
    if (lw_link_attr_find(link, "ver", &attr)) {
        out_link->has_version = lw_object_version_parse(attr.value, &out_link->version) == LW_OK;
        return out_link->has_version || !list->strict ? TAKEN : REFUSED;
    }
    return TAKEN;
}

lw_refusal lw_object_list_open(lw_object_list *list, lw_bytes payload,
                               const lw_register_policy *policy)
{
    *list = (lw_object_list){.strict = policy->strict};
    lw_link_reader_init(&list->reader, payload);
    lw_link_reader start = list->reader;
    lw_corelink link;
    lw_err err;
    while ((err = lw_link_next(&list->reader, &link)) == LW_OK) {
        take_root(list, &link); /* may stand anywhere (REG-25) */
    }
    if (err != LW_END) {
        return LW_REFUSAL_BAD_LIST;
    }
    list->reader = start;
    while (lw_link_next(&list->reader, &link) == LW_OK) {
        lw_object_link item;
        verdict v = judge(list, &link, &item);
        if (v == REFUSED) {
            return LW_REFUSAL_BAD_LIST;
        }
        if (v == SKIPPED) {
            continue;
        }
        if (list->count == UINT16_MAX ||
            (policy->links_max > 0 && list->count == policy->links_max)) {
            return LW_REFUSAL_LONG_LIST;
        }
        list->count++;
    }
    list->reader = start;
    return LW_REFUSAL_NONE;
}

bool lw_object_list_next(lw_object_list *list, lw_object_link *out_link)
{
    lw_corelink link;
    while (lw_link_next(&list->reader, &link) == LW_OK) {
        if (judge(list, &link, out_link) == TAKEN) {
            return true;
        }
    }
    return false;
}

/* ---- A server reads the parameters ---------------------------------------------------------- */

/* The names of REG-02 in its order; LW_REG_… is 1 << index. */
static const char names[][6] = {"ep", "lt", "lwm2m", "b", "Q", "sms", "pid"};
#define NAMES (sizeof names / sizeof names[0])

static size_t index_of(lw_bytes name)
{
    size_t i = 0;
    while (i < NAMES && !lw_bytes_is(name, names[i])) {
        i++;
    }
    return i;
}

bool lw_register_next_unknown(lw_coap_opt_iter *it, lw_query *out_query)
{
    while (lw_query_next(it, out_query)) {
        if (index_of(out_query->name) == NAMES) {
            return true;
        }
    }
    return false;
}

static lw_refusal take_lifetime(lw_bytes value, lw_registration *reg)
{
    lw_err err = lw_num_parse_uint32(value, &reg->lifetime);
    if (err != LW_OK && err != LW_ERANGE) {
        return LW_REFUSAL_BAD_LIFETIME;
    }
    if (err == LW_ERANGE) {
        reg->lifetime = UINT32_MAX;
    }
    return LW_REFUSAL_NONE;
}

static lw_refusal take_version(lw_bytes value, lw_registration *reg)
{
    lw_err err = lw_version_parse(value, &reg->version);
    if (err != LW_OK && err != LW_ENOTSUP) {
        return LW_REFUSAL_BAD_VERSION;
    }
    /* A newer minor is served as the newest we know (VER-01). */
    return reg->version != LW_VERSION_NONE ? LW_REFUSAL_NONE : LW_REFUSAL_UNSUPPORTED_VERSION;
}

static lw_refusal take_sms(lw_bytes value, lw_registration *reg)
{
    reg->sms = value.len > 0 && value.ptr[0] == '+' ? lw_bytes_from(value, 1) : value;
    return are_all(reg->sms, lw_num_is_digit) ? LW_REFUSAL_NONE : LW_REFUSAL_BAD_SMS;
}

/* One parameter. The binding is kept for later: its syntax depends on the version. */
static lw_refusal take_parameter(const lw_query *query, bool strict, lw_registration *reg)
{
    size_t i = index_of(query->name);
    if (i == NAMES) {
        return strict ? LW_REFUSAL_UNKNOWN : LW_REFUSAL_NONE;
    }
    unsigned bit = 1u << i;
    if ((reg->given & bit) != 0) {
        return LW_REFUSAL_REPEATED;
    }
    reg->given = (uint8_t)(reg->given | bit);
    switch (bit) {
    case LW_REG_ENDPOINT:
        reg->endpoint = query->value;
        return lw_endpoint_is_valid(reg->endpoint) ? LW_REFUSAL_NONE : LW_REFUSAL_BAD_ENDPOINT;
    case LW_REG_LIFETIME:
        return take_lifetime(query->value, reg);
    case LW_REG_VERSION:
        return take_version(query->value, reg);
    case LW_REG_BINDING:
        reg->binding = query->value;
        return LW_REFUSAL_NONE;
    case LW_REG_QUEUE:
        return strict && query->value.ptr != NULL ? LW_REFUSAL_BAD_QUEUE : LW_REFUSAL_NONE;
    case LW_REG_SMS:
        return take_sms(query->value, reg);
    default:
        return take_profiles(query->value, &reg->profiles) ? LW_REFUSAL_NONE
                                                           : LW_REFUSAL_BAD_PROFILE;
    }
}

static lw_refusal take_parameters(const lw_request *request, bool strict, lw_registration *reg)
{
    lw_coap_opt_iter it = lw_coap_opts(request->options);
    lw_query query;
    while (lw_query_next(&it, &query)) {
        lw_refusal refusal = take_parameter(&query, strict, reg);
        if (refusal != LW_REFUSAL_NONE) {
            return refusal;
        }
    }
    return LW_REFUSAL_NONE;
}

static lw_refusal settle_binding(bool strict, lw_registration *reg)
{
    if ((reg->given & LW_REG_BINDING) == 0) {
        return LW_REFUSAL_NONE;
    }
    bool queue;
    if (lw_binding_parse(reg->binding, strict, reg->version, &reg->bindings, &queue) != LW_OK) {
        return LW_REFUSAL_BAD_BINDING;
    }
    reg->given = (uint8_t)(reg->given | (queue ? LW_REG_QUEUE : 0u));
    return LW_REFUSAL_NONE;
}

/* REG-04; REG-35: zero octets are no list. */
static lw_refusal take_list(const lw_request *request, const lw_register_policy *policy,
                            lw_registration *reg, lw_object_list *list)
{
    bool unmarked = request->content_format == LW_CF_NONE && !policy->strict;
    if (request->payload.len > 0) {
        if (request->content_format != LW_CF_LINK && !unmarked) {
            return LW_REFUSAL_NOT_LINKS;
        }
        reg->given |= LW_REG_LIST;
        reg->list = request->payload;
    }
    return lw_object_list_open(list, request->payload, policy);
}

/* What a Register must say (REG-02), with what the policy fills in. */
static lw_refusal complete(const lw_register_policy *policy, lw_registration *reg)
{
    if (reg->version == LW_VERSION_NONE) {
        reg->version = policy->version;
    }
    if (reg->version == LW_VERSION_NONE) {
        return LW_REFUSAL_NO_VERSION;
    }
    if ((reg->given & LW_REG_LIFETIME) == 0) {
        reg->lifetime = policy->lifetime;
        if (reg->lifetime == 0) {
            return LW_REFUSAL_NO_LIFETIME;
        }
    }
    bool optional =
        policy->identified && lw_version_has(reg->version, LW_FEATURE_ENDPOINT_OPTIONAL);
    if ((reg->given & LW_REG_ENDPOINT) == 0 && !optional) {
        return LW_REFUSAL_NO_ENDPOINT;
    }
    return LW_REFUSAL_NONE;
}

lw_refusal lw_register_parse(const lw_request *request, const lw_register_policy *policy,
                             lw_registration *out_reg, lw_object_list *out_list)
{
    *out_reg = (lw_registration){.bindings = LW_BINDING_U};
    lw_refusal refusal = take_parameters(request, policy->strict, out_reg);
    if (refusal == LW_REFUSAL_NONE) {
        refusal = complete(policy, out_reg);
    }
    if (refusal == LW_REFUSAL_NONE) {
        refusal = settle_binding(policy->strict, out_reg);
    }
    if (refusal == LW_REFUSAL_NONE) {
        refusal = take_list(request, policy, out_reg, out_list);
    }
    if (refusal != LW_REFUSAL_NONE) {
        return refusal;
    }
    /* REG-53: from 1.2 on a list may be known from profile ids, or the client is to send it. */
    if (out_list->count == 0 && (out_reg->given & LW_REG_PROFILES) == 0) {
        return lw_version_has(out_reg->version, LW_FEATURE_PROFILE_ID) ? LW_REFUSAL_UNKNOWN_LIST
                                                                       : LW_REFUSAL_NO_LIST;
    }
    return LW_REFUSAL_NONE;
}

lw_refusal lw_update_parse(const lw_request *request, const lw_register_policy *policy,
                           const lw_registration *current, lw_registration *out_reg,
                           lw_object_list *out_list)
{
    *out_reg = (lw_registration){.version = current->version};
    lw_refusal refusal = take_parameters(request, policy->strict, out_reg);
    if (refusal == LW_REFUSAL_UNSUPPORTED_VERSION) {
        return LW_REFUSAL_OTHER_ENDPOINT; /* 4.12 is not for an Update */
    }
    if (refusal != LW_REFUSAL_NONE) {
        return refusal;
    }
    bool is_other = (out_reg->given & LW_REG_ENDPOINT) != 0 &&
                    !lw_bytes_equal(out_reg->endpoint, current->endpoint);
    if (is_other || out_reg->version != current->version) {
        return LW_REFUSAL_OTHER_ENDPOINT;
    }
    refusal = settle_binding(policy->strict, out_reg);
    if (refusal != LW_REFUSAL_NONE) {
        return refusal;
    }
    return take_list(request, policy, out_reg, out_list);
}

void lw_register_put_answer(lw_coap_out *out, lw_bytes id)
{
    lw_coap_put_str(out, LW_COAP_OPT_LOCATION_PATH, lw_op_path(LW_OP_REGISTER));
    lw_coap_put(out, LW_COAP_OPT_LOCATION_PATH, id);
}
