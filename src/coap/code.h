/* CoAP codes: methods, responses and signals, as one byte c.dd (RFC 7252 section 12.1). */
#ifndef LW_COAP_CODE_H
#define LW_COAP_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* Class in the upper 3 bits, detail in the lower 5. */
#define LW_COAP_CODE(c, dd) ((uint8_t)((c) << 5 | (dd)))

/* name, class, detail, text. RFC 7252 section 12.1; the others as marked. */
#define LW_COAP_CODE_LIST(X)                                                       \
    X(EMPTY, 0, 0, "Empty")                                                        \
    X(GET, 0, 1, "GET")                                                            \
    X(POST, 0, 2, "POST")                                                          \
    X(PUT, 0, 3, "PUT")                                                            \
    X(DELETE, 0, 4, "DELETE")                                                      \
    X(FETCH, 0, 5, "FETCH")   /* RFC 8132 */                                       \
    X(PATCH, 0, 6, "PATCH")   /* RFC 8132 */                                       \
    X(IPATCH, 0, 7, "iPATCH") /* RFC 8132 */                                       \
    X(CREATED, 2, 1, "Created")                                                    \
    X(DELETED, 2, 2, "Deleted")                                                    \
    X(VALID, 2, 3, "Valid")                                                        \
    X(CHANGED, 2, 4, "Changed")                                                    \
    X(CONTENT, 2, 5, "Content")                                                    \
    X(CONTINUE, 2, 31, "Continue") /* RFC 7959 */                                  \
    X(BAD_REQUEST, 4, 0, "Bad Request")                                            \
    X(UNAUTHORIZED, 4, 1, "Unauthorized")                                          \
    X(BAD_OPTION, 4, 2, "Bad Option")                                              \
    X(FORBIDDEN, 4, 3, "Forbidden")                                                \
    X(NOT_FOUND, 4, 4, "Not Found")                                                \
    X(METHOD_NOT_ALLOWED, 4, 5, "Method Not Allowed")                              \
    X(NOT_ACCEPTABLE, 4, 6, "Not Acceptable")                                      \
    X(REQUEST_ENTITY_INCOMPLETE, 4, 8, "Request Entity Incomplete") /* RFC 7959 */ \
    X(CONFLICT, 4, 9, "Conflict")                                   /* RFC 8132 */ \
    X(PRECONDITION_FAILED, 4, 12, "Precondition Failed")                           \
    X(REQUEST_ENTITY_TOO_LARGE, 4, 13, "Request Entity Too Large")                 \
    X(UNSUPPORTED_CONTENT_FORMAT, 4, 15, "Unsupported Content-Format")             \
    X(UNPROCESSABLE_ENTITY, 4, 22, "Unprocessable Entity") /* RFC 8132 */          \
    X(TOO_MANY_REQUESTS, 4, 29, "Too Many Requests")       /* RFC 8516 */          \
    X(INTERNAL_SERVER_ERROR, 5, 0, "Internal Server Error")                        \
    X(NOT_IMPLEMENTED, 5, 1, "Not Implemented")                                    \
    X(BAD_GATEWAY, 5, 2, "Bad Gateway")                                            \
    X(SERVICE_UNAVAILABLE, 5, 3, "Service Unavailable")                            \
    X(GATEWAY_TIMEOUT, 5, 4, "Gateway Timeout")                                    \
    X(PROXYING_NOT_SUPPORTED, 5, 5, "Proxying Not Supported")                      \
    X(CSM, 7, 1, "CSM") /* RFC 8323, as all of class 7 */                          \
    X(PING, 7, 2, "Ping")                                                          \
    X(PONG, 7, 3, "Pong")                                                          \
    X(RELEASE, 7, 4, "Release")                                                    \
    X(ABORT, 7, 5, "Abort")

typedef enum lw_coap_code {
#define LW_COAP_CODE_ENUM(name, c, dd, text) LW_COAP_##name = LW_COAP_CODE(c, dd),
    LW_COAP_CODE_LIST(LW_COAP_CODE_ENUM)
#undef LW_COAP_CODE_ENUM
} lw_coap_code;

static inline unsigned lw_coap_code_class(uint8_t code)
{
    return code >> 5;
}

static inline bool lw_coap_code_is_request(uint8_t code)
{
    return code != LW_COAP_EMPTY && lw_coap_code_class(code) == 0;
}

static inline bool lw_coap_code_is_response(uint8_t code)
{
    return lw_coap_code_class(code) >= 2 && lw_coap_code_class(code) <= 5;
}

/* RFC 8323 section 5.1: only on streams. */
static inline bool lw_coap_code_is_signal(uint8_t code)
{
    return lw_coap_code_class(code) == 7;
}

/* "Content" for 2.05; a static string, "" for unknown ones. */
const char *lw_coap_code_name(uint8_t code);
/* Writes c.dd without a NUL; always 4 octets. */
void lw_coap_code_format(uint8_t code, char out[4]);

#endif
