/* Versions: of the enabler (LwM2M 1.0, 1.1, 1.2), and of objects.
 *
 * Behaviour switches by the version a client announces, per registration (VER-06). Code asks the
 * table of features what a version can do; it does not compare numbers.
 */
#ifndef LW_MODEL_VERSION_H
#define LW_MODEL_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

/* Major * 10 + minor, as `since` in the tables of formats and attributes. */
typedef enum lw_version {
    LW_VERSION_NONE = 0, /* not known (yet) */
    LW_VERSION_1_0 = 10,
    LW_VERSION_1_1 = 11, /* also 1.1.1: not to be told apart on the wire (VER-17) */
    LW_VERSION_1_2 = 12
} lw_version;

#define LW_VERSION_NEWEST LW_VERSION_1_2

/* The text of `lwm2m`: "1.1" (VER-03). A third number (VER-05) and quotes (BS-21) are tolerated.
 * LW_EFORMAT when it is not a version. LW_ENOTSUP when it is none of ours; *out_version then is the
 * newest of the same major, with which a newer minor may be served (VER-01), or
 * LW_VERSION_NONE (VER-02). */
LW_MUST_CHECK lw_err lw_version_parse(lw_bytes text, lw_version *out_version);

/* "1.0", "1.1", "1.2"; "" for LW_VERSION_NONE. */
const char *lw_version_text(lw_version version);

/* The next lower version, to be tried after 4.12 (VER-04); LW_VERSION_NONE below 1.0. */
lw_version lw_version_lower(lw_version version);

/* ---- What a version can do: the table of protocol.md section 1.1 ------------------------------
 * Payload formats and attributes carry their own `since`; implicit object versions stand in
 * model/registry.h.
 */

/* feature, first version, last version */
#define LW_FEATURE_LIST(X)                                                                        \
    X(LW_FEATURE_ENDPOINT_OPTIONAL, 11, 12) /* `ep` may be left out when the identity tells it */ \
    X(LW_FEATURE_QUEUE_IN_BINDING, 10, 10)  /* b=UQ; later `Q` is a parameter of its own */       \
    X(LW_FEATURE_BINDING_T_N, 11, 12)       /* TCP and non-IP */                                  \
    X(LW_FEATURE_BINDING_M_H, 12, 12)       /* MQTT and HTTP */                                   \
    X(LW_FEATURE_BOOTSTRAP_READ, 11, 12)                                                          \
    X(LW_FEATURE_BOOTSTRAP_PCT, 11, 12) /* preferred format in Bootstrap-Request */               \
    X(LW_FEATURE_BOOTSTRAP_PACK, 12, 12)                                                          \
    X(LW_FEATURE_PROFILE_ID, 12, 12)                                                              \
    X(LW_FEATURE_COMPOSITE, 11, 12) /* Read-, Write-, Observe-Composite */                        \
    X(LW_FEATURE_ETCH, 12, 12)      /* ETCH bodies of composites */                               \
    X(LW_FEATURE_SEND, 11, 12)                                                                    \
    X(LW_FEATURE_RESOURCE_INSTANCE_PATH, 11, 12) /* read, write, observe, attributes */           \
    X(LW_FEATURE_RESOURCE_INSTANCE_DELETE, 12, 12)                                                \
    X(LW_FEATURE_DISCOVER_DEPTH, 12, 12)                                                          \
    X(LW_FEATURE_OBSERVE_ATTRIBUTES, 12, 12) /* in the Observe query */                           \
    X(LW_FEATURE_OSCORE, 11, 12)             /* and EST, object 21, TCP/TLS */                    \
    X(LW_FEATURE_CID, 12, 12)                /* and (D)TLS 1.3 configuration resources */         \
    X(LW_FEATURE_RETRY_RESOURCES, 11, 12)    /* 1/x/13..23 */                                     \
    X(LW_FEATURE_RETRY_READABLE, 12, 12)

/* Its row, as one number: those of the same versions are the same. */
typedef enum lw_feature {
#define LW_FEATURE_ENUM(name, first, last) name = (last) << 8 | (first),
    LW_FEATURE_LIST(LW_FEATURE_ENUM)
#undef LW_FEATURE_ENUM
} lw_feature;

/* False for LW_VERSION_NONE. */
static inline bool lw_version_has(lw_version version, lw_feature feature)
{
    unsigned first = (unsigned)feature & 0xFFu, last = (unsigned)feature >> 8;
    return version >= first && (version <= last || last == LW_VERSION_NEWEST);
}

/* ---- Object versions --------------------------------------------------------------------------
 */

typedef struct lw_object_version {
    uint8_t major, minor;
} lw_object_version;

/* The text of `ver`: "1.1", quotes tolerated (VER-14). LW_EFORMAT, or LW_ERANGE above 255.255. */
LW_MUST_CHECK lw_err lw_object_version_parse(lw_bytes text, lw_object_version *out_version);

#define LW_OBJECT_VERSION_TEXT_MAX 7u /* "255.255" without a NUL */

/* Writes "1.1" and returns the length. */
size_t lw_object_version_format(lw_object_version version, char out[LW_OBJECT_VERSION_TEXT_MAX]);

#endif
