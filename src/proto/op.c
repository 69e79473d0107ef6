#include "proto/op.h"

#include "base/assert.h"
#include "model/access.h"

/* ---- The table (protocol.md section 15) ----------------------------------------------------- */

#define ROOT  (1u << LW_LEVEL_ROOT)
#define O     (1u << LW_LEVEL_OBJECT)
#define OI    (1u << LW_LEVEL_INSTANCE)
#define OIR   (1u << LW_LEVEL_RESOURCE)
#define OIRRI (1u << LW_LEVEL_RESOURCE_INSTANCE)

#define E(dd) (1u << (dd))
#define R     LW_RIGHT_R
#define W     LW_RIGHT_W
#define X     LW_RIGHT_E
#define C     LW_RIGHT_C
#define D     LW_RIGHT_D

#define VALUES     (LW_FORMAT_SINGLE | LW_FORMAT_STRUCTURED)
#define STRUCTURED LW_FORMAT_STRUCTURED
#define COMPOSITE  LW_FORMAT_COMPOSITE
#define FETCH      LW_FORMAT_FETCH
#define PATCH      LW_FORMAT_PATCH
#define SEND       LW_FORMAT_SEND
#define LINKS      LW_FORMAT_LINKS
#define ARGS       LW_FORMAT_ARGS

#define ROW(meth, how, where, lev, v, need, ok, errs, in, out, non)                                \
    {                                                                                              \
        .method = LW_COAP_##meth, .mode = LW_OP_##how, .place = LW_OP_AT_##where, .levels = (lev), \
        .minor = (v), .right = (need), .success = LW_COAP_##ok,                                    \
        .errors = (errs) | ((in) != 0 ? E(13) : 0), .body = (in), .answer = (out),                 \
        .may_be_non = (non)                                                                        \
    }

#define DM_ERRORS    (E(0) | E(1) | E(4) | E(5))
#define READ_ERRORS  (DM_ERRORS | E(6))
#define WRITE_ERRORS (READ_ERRORS | E(8) | E(13) | E(15))

/* clang-format off */
static const lw_op_rule rules[LW_OP_COUNT] = {
    /*                              method  mode        path    levels          1.x right success  errors                     body        answer      NON */
    /* 15.1 Bootstrap */
    [LW_OP_BS_REQUEST]        = ROW(POST,   PLAIN,      BS,     0,              0,  0,    CHANGED, E(0)|E(15),                0,          0,          false),
    [LW_OP_BS_PACK_REQUEST]   = ROW(GET,    PLAIN,      BSPACK, 0,              2,  0,    CONTENT, READ_ERRORS,               0,          COMPOSITE,  false),
    [LW_OP_BS_DISCOVER]       = ROW(GET,    LINKED,     IDS,    ROOT|O,         0,  0,    CONTENT, E(0)|E(4),                 0,          LINKS,      false),
    [LW_OP_BS_READ]           = ROW(GET,    PLAIN,      IDS,    O|OI,           1,  0,    CONTENT, READ_ERRORS,               0,          STRUCTURED, false),
    [LW_OP_BS_WRITE]          = ROW(PUT,    PLAIN,      IDS,    O|OI|OIR,       0,  0,    CHANGED, E(0)|E(15),                VALUES,     0,          false),
    [LW_OP_BS_DELETE]         = ROW(DELETE, PLAIN,      IDS,    ROOT|O|OI,      0,  0,    DELETED, E(0),                      0,          0,          false),
    [LW_OP_BS_FINISH]         = ROW(POST,   PLAIN,      BS,     0,              0,  0,    CHANGED, E(0)|E(6),                 0,          0,          false),
    /* 15.2 Registration */
    [LW_OP_REGISTER]          = ROW(POST,   PLAIN,      RD,     0,              0,  0,    CREATED, E(0)|E(1)|E(3)|E(9)|E(12), LINKS,      0,          false),
    [LW_OP_UPDATE]            = ROW(POST,   PLAIN,      RD,     0,              0,  0,    CHANGED, E(0)|E(4),                 LINKS,      0,          false),
    [LW_OP_DEREGISTER]        = ROW(DELETE, PLAIN,      RD,     0,              0,  0,    DELETED, E(0)|E(4),                 0,          0,          false),
    /* 15.3 Device management */
    [LW_OP_READ]              = ROW(GET,    PLAIN,      IDS,    O|OI|OIR|OIRRI, 0,  R,    CONTENT, READ_ERRORS,               0,          VALUES,     false),
    [LW_OP_DISCOVER]          = ROW(GET,    LINKED,     IDS,    O|OI|OIR,       0,  0,    CONTENT, DM_ERRORS,                 0,          LINKS,      false),
    [LW_OP_WRITE]             = ROW(PUT,    PLAIN,      IDS,    OI|OIR|OIRRI,   0,  W,    CHANGED, WRITE_ERRORS,              VALUES,     0,          false),
    [LW_OP_WRITE_PARTIAL]     = ROW(POST,   PLAIN,      IDS,    OI|OIR,         0,  W,    CHANGED, WRITE_ERRORS,              STRUCTURED, 0,          false),
    [LW_OP_WRITE_ATTRIBUTES]  = ROW(PUT,    ATTRIBUTED, IDS,    O|OI|OIR|OIRRI, 0,  R,    CHANGED, DM_ERRORS,                 0,          0,          false),
    [LW_OP_EXECUTE]           = ROW(POST,   PLAIN,      IDS,    OIR,            0,  X,    CHANGED, DM_ERRORS,                 ARGS,       0,          true),
    [LW_OP_CREATE]            = ROW(POST,   PLAIN,      IDS,    O,              0,  C,    CREATED, READ_ERRORS|E(15),         STRUCTURED, 0,          false),
    [LW_OP_DELETE]            = ROW(DELETE, PLAIN,      IDS,    OI|OIRRI,       0,  D,    DELETED, DM_ERRORS,                 0,          0,          false),
    [LW_OP_READ_COMPOSITE]    = ROW(FETCH,  PLAIN,      IDS,    ROOT,           1,  0,    CONTENT, READ_ERRORS|E(15),         FETCH,      COMPOSITE,  false),
    [LW_OP_WRITE_COMPOSITE]   = ROW(IPATCH, PLAIN,      IDS,    ROOT,           1,  0,    CHANGED, READ_ERRORS|E(15),         PATCH,      0,          false),
    /* 15.4 Information reporting */
    [LW_OP_OBSERVE]           = ROW(GET,    OBSERVED,   IDS,    O|OI|OIR|OIRRI, 0,  R,    CONTENT, READ_ERRORS,               0,          VALUES,     false),
    [LW_OP_CANCEL]            = ROW(GET,    CANCELLED,  IDS,    O|OI|OIR|OIRRI, 0,  R,    CONTENT, READ_ERRORS,               0,          VALUES,     false),
    [LW_OP_OBSERVE_COMPOSITE] = ROW(FETCH,  OBSERVED,   IDS,    ROOT,           1,  0,    CONTENT, READ_ERRORS|E(15),         FETCH,      COMPOSITE,  false),
    [LW_OP_CANCEL_COMPOSITE]  = ROW(FETCH,  CANCELLED,  IDS,    ROOT,           1,  0,    CONTENT, READ_ERRORS|E(15),         FETCH,      COMPOSITE,  false),
    [LW_OP_SEND]              = ROW(POST,   PLAIN,      DP,     0,              1,  0,    CHANGED, E(0)|E(4),                 SEND,       0,          true),
};
/* clang-format on */

const lw_op_rule *lw_op_rule_of(lw_op op)
{
    lw_assert((unsigned)op < LW_OP_COUNT);
    return &rules[op];
}

const char *lw_op_path(lw_op op)
{
    static const char paths[][7] = {
        [LW_OP_AT_IDS] = "",  [LW_OP_AT_BS] = "bs", [LW_OP_AT_BSPACK] = "bspack",
        [LW_OP_AT_RD] = "rd", [LW_OP_AT_DP] = "dp",
    };
    return paths[lw_op_rule_of(op)->place];
}

void lw_op_put_path(lw_coap_out *out, lw_op op)
{
    lw_coap_put_str(out, LW_COAP_OPT_URI_PATH, lw_op_path(op));
}

const char *lw_op_name(lw_op op)
{
    static const char *const names[LW_OP_COUNT] = {
        [LW_OP_BS_REQUEST] = "Bootstrap-Request",
        [LW_OP_BS_PACK_REQUEST] = "Bootstrap-Pack-Request",
        [LW_OP_BS_DISCOVER] = "Bootstrap-Discover",
        [LW_OP_BS_READ] = "Bootstrap-Read",
        [LW_OP_BS_WRITE] = "Bootstrap-Write",
        [LW_OP_BS_DELETE] = "Bootstrap-Delete",
        [LW_OP_BS_FINISH] = "Bootstrap-Finish",
        [LW_OP_REGISTER] = "Register",
        [LW_OP_UPDATE] = "Update",
        [LW_OP_DEREGISTER] = "De-register",
        [LW_OP_READ] = "Read",
        [LW_OP_DISCOVER] = "Discover",
        [LW_OP_WRITE] = "Write Replace",
        [LW_OP_WRITE_PARTIAL] = "Write Partial Update",
        [LW_OP_WRITE_ATTRIBUTES] = "Write-Attributes",
        [LW_OP_EXECUTE] = "Execute",
        [LW_OP_CREATE] = "Create",
        [LW_OP_DELETE] = "Delete",
        [LW_OP_READ_COMPOSITE] = "Read-Composite",
        [LW_OP_WRITE_COMPOSITE] = "Write-Composite",
        [LW_OP_OBSERVE] = "Observe",
        [LW_OP_CANCEL] = "Cancel Observation",
        [LW_OP_OBSERVE_COMPOSITE] = "Observe-Composite",
        [LW_OP_CANCEL_COMPOSITE] = "Cancel Observation-Composite",
        [LW_OP_SEND] = "Send",
    };
    return (unsigned)op < LW_OP_COUNT ? names[op] : "";
}

bool lw_op_has_level(lw_op op, unsigned depth, lw_version version)
{
    const lw_op_rule *rule = lw_op_rule_of(op);
    if (lw_op_since(rule) > version || (rule->levels >> depth & 1u) == 0) {
        return false;
    }
    return depth < LW_LEVEL_RESOURCE_INSTANCE ||
           lw_version_has(version, op == LW_OP_DELETE ? LW_FEATURE_RESOURCE_INSTANCE_DELETE
                                                      : LW_FEATURE_RESOURCE_INSTANCE_PATH);
}

lw_op lw_op_of_resource_post(const lw_resource_def *def)
{
    bool partial = def != NULL && (def->flags & LW_DEF_MULTIPLE) != 0 && (def->ops & LW_OP_W) != 0;
    return partial ? LW_OP_WRITE_PARTIAL : LW_OP_EXECUTE;
}

/* ---- Codes ---------------------------------------------------------------------------------- */

static bool lists(const lw_op_rule *rule, uint8_t code)
{
    unsigned detail = code & 0x1Fu;
    return lw_coap_code_class(code) == 4 && detail < 16 && (rule->errors & E(detail)) != 0;
}

bool lw_op_may_answer(lw_op op, uint8_t code)
{
    const lw_op_rule *rule = lw_op_rule_of(op);
    switch (code) {
    case LW_COAP_UNAUTHORIZED:
    case LW_COAP_BAD_OPTION:
        return true;
    case LW_COAP_CONTINUE:
    case LW_COAP_REQUEST_ENTITY_INCOMPLETE:
        return rule->body != 0;
    default:
        return code == rule->success || lists(rule, code) || lw_coap_code_class(code) == 5;
    }
}

/* What an error is told as where every code is allowed. Errors without a row are 5.00. */
static const uint8_t plain_codes[] = {
    [LW_OK] = LW_COAP_INTERNAL_SERVER_ERROR,
    [LW_AGAIN] = LW_COAP_INTERNAL_SERVER_ERROR,
    [LW_END] = LW_COAP_INTERNAL_SERVER_ERROR,
    [LW_ENOMEM] = LW_COAP_INTERNAL_SERVER_ERROR,
    [LW_EFORMAT] = LW_COAP_BAD_REQUEST,
    [LW_ETYPE] = LW_COAP_BAD_REQUEST,
    [LW_ERANGE] = LW_COAP_BAD_REQUEST,
    [LW_ETOOBIG] = LW_COAP_REQUEST_ENTITY_TOO_LARGE,
    [LW_EDEPTH] = LW_COAP_BAD_REQUEST,
    [LW_EPROTO] = LW_COAP_BAD_REQUEST,
    [LW_EINVAL] = LW_COAP_BAD_REQUEST,
    [LW_ENOTFOUND] = LW_COAP_NOT_FOUND,
    [LW_EEXISTS] = LW_COAP_BAD_REQUEST, /* DM-72 */
    [LW_ENOTSUP] = LW_COAP_UNSUPPORTED_CONTENT_FORMAT,
    [LW_EDENIED] = LW_COAP_UNAUTHORIZED,
    [LW_EMETHOD] = LW_COAP_METHOD_NOT_ALLOWED,
    [LW_ESTATE] = LW_COAP_SERVICE_UNAVAILABLE,
};

uint8_t lw_op_code(lw_op op, lw_err err)
{
    const lw_op_rule *rule = lw_op_rule_of(op);
    if (err == LW_OK) {
        return rule->success;
    }
    /* Where no octets came, those that are wrong are our own. */
    bool has_body = rule->body != 0;
    if (err >= sizeof plain_codes || (err < LW_EINVAL && !has_body)) {
        return LW_COAP_INTERNAL_SERVER_ERROR;
    }
    uint8_t code = plain_codes[err];
    if (err == LW_ENOTSUP && (!has_body || rule->answer != 0)) {
        code = LW_COAP_NOT_ACCEPTABLE;
    }
    bool is_unlisted = lw_coap_code_class(code) == 4 && (rule->errors & E(code & 0x1Fu)) == 0;
    return is_unlisted ? LW_COAP_BAD_REQUEST : code; /* every operation lists it (DM-04) */
}

/* ---- Formats -------------------------------------------------------------------------------- */

/* Orders of preference (formats.md section 16); what a version or a use does not allow drops out,
 * so that 1.0 is left with text, opaque, TLV and JSON. */
/* Answers, single values or not (DM-13: from 1.1 on a device answers in SenML CBOR unless asked
 * otherwise), and bodies of more than one value. */
static const uint16_t answer_order[] = {LW_CF_SENML_CBOR, LW_CF_ETCH_CBOR, LW_CF_LWM2M_CBOR,
                                        LW_CF_SENML_JSON, LW_CF_ETCH_JSON, LW_CF_OPAQUE,
                                        LW_CF_TEXT,       LW_CF_CBOR,      LW_CF_TLV,
                                        LW_CF_JSON,       LW_CF_NONE};
static const uint16_t single_order[] = {LW_CF_OPAQUE,     LW_CF_TEXT,       LW_CF_CBOR,
                                        LW_CF_SENML_CBOR, LW_CF_LWM2M_CBOR, LW_CF_SENML_JSON,
                                        LW_CF_TLV,        LW_CF_JSON,       LW_CF_NONE};
/* P-BS-12: the device's version is not known yet. */
static const uint16_t bootstrap_order[] = {LW_CF_TLV,        LW_CF_SENML_CBOR, LW_CF_SENML_JSON,
                                           LW_CF_LWM2M_CBOR, LW_CF_JSON,       LW_CF_NONE};

static bool is_usable(const lw_format *format, uint8_t uses, const lw_format_choice *choice)
{
    if (!choice->single) {
        uses &= (uint8_t)~LW_FORMAT_SINGLE; /* FMT-12, P-DM-26 */
    }
    if ((format->uses & uses) == 0 || format->since > choice->version) {
        return false;
    }
    if (format->id == LW_CF_JSON) {
        return choice->version == LW_VERSION_1_0; /* FMT-02 */
    }
    return format->id != LW_CF_OPAQUE || choice->type == LW_TYPE_OPAQUE ||
           choice->type == LW_TYPE_NONE; /* FMT-13 */
}

static const lw_format *find_usable(uint32_t id, uint8_t uses, const lw_format_choice *choice)
{
    const lw_format *format = lw_format_find(choice->formats, id);
    return format != NULL && is_usable(format, uses, choice) ? format : NULL;
}

const lw_format *lw_op_find_body_format(lw_op op, const lw_format_choice *choice, uint32_t id)
{
    return find_usable(id, lw_op_rule_of(op)->body & LW_FORMAT_REAL, choice);
}

const lw_format *lw_op_find_answer_format(lw_op op, const lw_format_choice *choice, uint32_t id)
{
    return find_usable(id, lw_op_rule_of(op)->answer & LW_FORMAT_REAL, choice);
}

static const lw_format *next_format(const uint16_t *order, uint8_t uses,
                                    const lw_format_choice *choice, const lw_format *refused)
{
    const lw_format *preferred = find_usable(choice->preferred, uses, choice);
    bool passed = refused == NULL || refused == preferred;
    if (preferred != NULL && refused == NULL) {
        return preferred;
    }
    for (; *order != LW_CF_NONE; order++) {
        const lw_format *format = find_usable(*order, uses, choice);
        if (format == refused) {
            passed = true;
        } else if (passed && format != NULL && format != preferred &&
                   (format->id != LW_CF_OPAQUE || choice->type == LW_TYPE_OPAQUE)) {
            return format;
        }
    }
    return NULL;
}

const lw_format *lw_op_body_format(lw_op op, const lw_format_choice *choice,
                                   const lw_format *refused)
{
    const uint16_t *order = op == LW_OP_BS_WRITE ? bootstrap_order
                            : choice->single     ? single_order
                                                 : answer_order;
    return next_format(order, lw_op_rule_of(op)->body & LW_FORMAT_REAL, choice, refused);
}

const lw_format *lw_op_answer_format(lw_op op, const lw_format_choice *choice,
                                     const lw_format *refused)
{
    return next_format(answer_order, lw_op_rule_of(op)->answer & LW_FORMAT_REAL, choice, refused);
}
