/* Why a server refuses what a device sends: the reason is told to people, the code to the device.
 *
 * Parsing (register.h, bootstrap.h) gives the reasons that a message alone can have; the last ones
 * are for the engine.
 */
#ifndef LW_PROTO_REFUSAL_H
#define LW_PROTO_REFUSAL_H

#include <stdint.h>

/* name, CoAP class, detail, sentence */
#define LW_REFUSAL_LIST(X)                                                                       \
    X(LW_REFUSAL_NONE, 0, 0, "accepted")                                                         \
    X(LW_REFUSAL_NO_ENDPOINT, 4, 0, "no endpoint name, and no identity that tells it")           \
    X(LW_REFUSAL_BAD_ENDPOINT, 4, 0, "the endpoint name is empty, too long or unprintable")      \
    X(LW_REFUSAL_NO_LIFETIME, 4, 0, "lt is missing")                                             \
    X(LW_REFUSAL_BAD_LIFETIME, 4, 0, "lt is not a number of seconds")                            \
    X(LW_REFUSAL_NO_VERSION, 4, 0, "lwm2m is missing")                                           \
    X(LW_REFUSAL_BAD_VERSION, 4, 0, "lwm2m is not a version")                                    \
    X(LW_REFUSAL_UNSUPPORTED_VERSION, 4, 12, "this enabler version is not supported")            \
    X(LW_REFUSAL_BAD_BINDING, 4, 0, "b is not a binding, or not one of this enabler version")    \
    X(LW_REFUSAL_BAD_QUEUE, 4, 0, "Q takes no value")                                            \
    X(LW_REFUSAL_BAD_SMS, 4, 0, "sms is not a telephone number")                                 \
    X(LW_REFUSAL_BAD_PROFILE, 4, 0, "pid is not a profile id")                                   \
    X(LW_REFUSAL_BAD_FORMAT, 4, 15, "pct is not a content format for bootstrap")                 \
    X(LW_REFUSAL_BAD_ACCOUNT, 4, 0, "acc is not a list of instances")                            \
    X(LW_REFUSAL_REPEATED, 4, 0, "a parameter stands there twice")                               \
    X(LW_REFUSAL_UNKNOWN, 4, 0, "an unknown parameter")                                          \
    X(LW_REFUSAL_NOT_LINKS, 4, 0, "the object list is not in link-format")                       \
    X(LW_REFUSAL_BAD_LIST, 4, 0, "the object list is malformed")                                 \
    X(LW_REFUSAL_LONG_LIST, 4, 13, "the object list has too many links")                         \
    X(LW_REFUSAL_NO_LIST, 4, 0, "no objects are listed")                                         \
    X(LW_REFUSAL_UNKNOWN_LIST, 4, 9, "the object list cannot be told from the profile ids")      \
    X(LW_REFUSAL_OTHER_ENDPOINT, 4, 0, "the endpoint name or version of an Update is another's") \
    X(LW_REFUSAL_IDENTITY, 4, 0, "the security identity does not go with the endpoint name")     \
    X(LW_REFUSAL_FORBIDDEN, 4, 3, "this endpoint may not register")                              \
    X(LW_REFUSAL_NOT_FOUND, 4, 4, "no such registration")

typedef enum lw_refusal {
#define LW_REFUSAL_ENUM(name, class, detail, text) name,
    LW_REFUSAL_LIST(LW_REFUSAL_ENUM)
#undef LW_REFUSAL_ENUM
        LW_REFUSAL_COUNT
} lw_refusal;

/* LW_COAP_EMPTY for NONE. */
uint8_t lw_refusal_code(lw_refusal refusal);
const char *lw_refusal_text(lw_refusal refusal);

#endif
