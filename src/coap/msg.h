/* CoAP messages (RFC 7252 section 3): a view over a datagram, and a writer of one.
 *
 * Parsing and encoding allocate nothing. A parsed message points into the datagram; it is valid as
 * long as the datagram is. The same view serves messages that came over a stream (coap/stream.h),
 * which have no type and no message id.
 */
#ifndef LW_COAP_MSG_H
#define LW_COAP_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"
#include "lw/bytes.h"
#include "lw/err.h"

typedef enum lw_coap_type {
    LW_COAP_CON = 0,
    LW_COAP_NON = 1,
    LW_COAP_ACK = 2,
    LW_COAP_RST = 3
} lw_coap_type;

/* Code byte c.dd: class in the upper 3 bits, detail in the lower 5. */
#define LW_COAP_CODE(c, dd) ((uint8_t)((c) << 5 | (dd)))

typedef enum lw_coap_code {
    LW_COAP_EMPTY = 0,
    LW_COAP_GET = LW_COAP_CODE(0, 1),
    LW_COAP_POST = LW_COAP_CODE(0, 2),
    LW_COAP_PUT = LW_COAP_CODE(0, 3),
    LW_COAP_DELETE = LW_COAP_CODE(0, 4),
    LW_COAP_FETCH = LW_COAP_CODE(0, 5), /* RFC 8132, as the next two */
    LW_COAP_PATCH = LW_COAP_CODE(0, 6),
    LW_COAP_IPATCH = LW_COAP_CODE(0, 7),
    LW_COAP_CREATED = LW_COAP_CODE(2, 1),
    LW_COAP_DELETED = LW_COAP_CODE(2, 2),
    LW_COAP_VALID = LW_COAP_CODE(2, 3),
    LW_COAP_CHANGED = LW_COAP_CODE(2, 4),
    LW_COAP_CONTENT = LW_COAP_CODE(2, 5),
    LW_COAP_CONTINUE = LW_COAP_CODE(2, 31), /* RFC 7959 */
    LW_COAP_BAD_REQUEST = LW_COAP_CODE(4, 0),
    LW_COAP_UNAUTHORIZED = LW_COAP_CODE(4, 1),
    LW_COAP_BAD_OPTION = LW_COAP_CODE(4, 2),
    LW_COAP_FORBIDDEN = LW_COAP_CODE(4, 3),
    LW_COAP_NOT_FOUND = LW_COAP_CODE(4, 4),
    LW_COAP_METHOD_NOT_ALLOWED = LW_COAP_CODE(4, 5),
    LW_COAP_NOT_ACCEPTABLE = LW_COAP_CODE(4, 6),
    LW_COAP_REQUEST_ENTITY_INCOMPLETE = LW_COAP_CODE(4, 8), /* RFC 7959 */
    LW_COAP_CONFLICT = LW_COAP_CODE(4, 9),                  /* RFC 8132 */
    LW_COAP_PRECONDITION_FAILED = LW_COAP_CODE(4, 12),
    LW_COAP_REQUEST_ENTITY_TOO_LARGE = LW_COAP_CODE(4, 13),
    LW_COAP_UNSUPPORTED_CONTENT_FORMAT = LW_COAP_CODE(4, 15),
    LW_COAP_UNPROCESSABLE_ENTITY = LW_COAP_CODE(4, 22), /* RFC 8132 */
    LW_COAP_TOO_MANY_REQUESTS = LW_COAP_CODE(4, 29),    /* RFC 8516 */
    LW_COAP_INTERNAL_SERVER_ERROR = LW_COAP_CODE(5, 0),
    LW_COAP_NOT_IMPLEMENTED = LW_COAP_CODE(5, 1),
    LW_COAP_BAD_GATEWAY = LW_COAP_CODE(5, 2),
    LW_COAP_SERVICE_UNAVAILABLE = LW_COAP_CODE(5, 3),
    LW_COAP_GATEWAY_TIMEOUT = LW_COAP_CODE(5, 4),
    LW_COAP_PROXYING_NOT_SUPPORTED = LW_COAP_CODE(5, 5),
    LW_COAP_CSM = LW_COAP_CODE(7, 1), /* RFC 8323 signalling */
    LW_COAP_PING = LW_COAP_CODE(7, 2),
    LW_COAP_PONG = LW_COAP_CODE(7, 3),
    LW_COAP_RELEASE = LW_COAP_CODE(7, 4),
    LW_COAP_ABORT = LW_COAP_CODE(7, 5)
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

typedef enum lw_coap_option {
    LW_COAP_OPT_IF_MATCH = 1,
    LW_COAP_OPT_URI_HOST = 3,
    LW_COAP_OPT_ETAG = 4,
    LW_COAP_OPT_IF_NONE_MATCH = 5,
    LW_COAP_OPT_OBSERVE = 6, /* RFC 7641 */
    LW_COAP_OPT_URI_PORT = 7,
    LW_COAP_OPT_LOCATION_PATH = 8,
    LW_COAP_OPT_OSCORE = 9, /* RFC 8613 */
    LW_COAP_OPT_URI_PATH = 11,
    LW_COAP_OPT_CONTENT_FORMAT = 12,
    LW_COAP_OPT_MAX_AGE = 14,
    LW_COAP_OPT_URI_QUERY = 15,
    LW_COAP_OPT_ACCEPT = 17,
    LW_COAP_OPT_LOCATION_QUERY = 20,
    LW_COAP_OPT_BLOCK2 = 23, /* RFC 7959, as Block1, Size2 */
    LW_COAP_OPT_BLOCK1 = 27,
    LW_COAP_OPT_SIZE2 = 28,
    LW_COAP_OPT_PROXY_URI = 35,
    LW_COAP_OPT_PROXY_SCHEME = 39,
    LW_COAP_OPT_SIZE1 = 60,
    LW_COAP_OPT_ECHO = 252,        /* RFC 9175, as Request-Tag */
    LW_COAP_OPT_NO_RESPONSE = 258, /* RFC 7967 */
    LW_COAP_OPT_REQUEST_TAG = 292
} lw_coap_option;

#define LW_COAP_TOKEN_MAX 8u

typedef struct lw_coap_token {
    uint8_t len; /* 0..8 */
    uint8_t octets[LW_COAP_TOKEN_MAX];
} lw_coap_token;

bool lw_coap_token_equal(lw_coap_token a, lw_coap_token b);

typedef struct lw_coap_msg {
    uint8_t type; /* lw_coap_type; CON for messages from a stream */
    uint8_t code;
    uint16_t mid; /* message id; 0 for messages from a stream */
    lw_coap_token token;
    lw_bytes options; /* encoded and checked: iterate with lw_coap_opt_iter */
    lw_bytes payload;
} lw_coap_msg;

/* Parses and checks a whole datagram: header, token, every option's encoding, payload marker.
 * LW_EFORMAT for a message format error (RFC 7252 section 3); LW_ENOTSUP for another version than
 * 1, which is to be ignored silently. On LW_EFORMAT type, code and mid of out_msg hold what the
 * header said when it was complete, so that a CON can be answered with RST; else type is
 * LW_COAP_ACK. */
LW_MUST_CHECK lw_err lw_coap_msg_parse(lw_bytes datagram, lw_coap_msg *out_msg);

/* One option at a time, in order. */
typedef struct lw_coap_opt {
    uint32_t number;
    lw_bytes value;
} lw_coap_opt;

typedef struct lw_coap_opt_iter {
    const uint8_t *at, *end;
    uint32_t number;
} lw_coap_opt_iter;

lw_coap_opt_iter lw_coap_opts(lw_bytes options);
bool lw_coap_opt_next(lw_coap_opt_iter *it, lw_coap_opt *out_opt);

/* The first option of that number; false when absent. */
bool lw_coap_opt_find(lw_bytes options, uint32_t number, lw_bytes *out_value);

/* As find, read as a uint (leading zero octets accepted). False when absent or longer than 4
 * octets. */
bool lw_coap_opt_find_uint(lw_bytes options, uint32_t number, uint32_t *out_value);

uint32_t lw_coap_opt_uint(lw_bytes value); /* at most 4 octets */

/* RFC 7252 section 5.4.6, Figure 10: what the number says about the option. */
static inline bool lw_coap_opt_is_critical(uint32_t number)
{
    return (number & 1) != 0;
}

/* Checks every option of a message against the table of options (length, repeatable or not, known):
 * LW_OK, or LW_EPROTO with the number of the first critical option that must be refused with 4.02
 * (unknown, repeated where it must not be, or of a wrong length). Elective ones of that kind are
 * not an error: the caller ignores them (RFC 7252 section 5.4.1), and lw_coap_opt_find skips none.
 */
LW_MUST_CHECK lw_err lw_coap_opts_check(lw_bytes options, uint32_t *out_number);

/* Writes one message into a writer: begin, options in ascending order, payload, end. Errors stick
 * in the writer; an option out of order is LW_EINVAL. */
typedef struct lw_coap_out {
    lw_writer *w;
    uint32_t number;  /* last option written */
    bool has_payload; /* the marker is out */
} lw_coap_out;

void lw_coap_begin(lw_coap_out *out, lw_writer *w, lw_coap_type type, uint8_t code, uint16_t mid,
                   lw_coap_token token);
/* Options alone, without a header: for option sets that are kept and sent later. */
void lw_coap_begin_options(lw_coap_out *out, lw_writer *w);
void lw_coap_put(lw_coap_out *out, uint32_t number, lw_bytes value);
void lw_coap_put_uint(lw_coap_out *out, uint32_t number, uint32_t value); /* shortest form */
void lw_coap_put_str(lw_coap_out *out, uint32_t number, const char *value);
/* Writes the marker and the payload; nothing at all when it is empty. */
void lw_coap_put_payload(lw_coap_out *out, lw_bytes payload);

/* "2.05" and "Content"; static strings, "" for unknown ones. */
const char *lw_coap_code_name(uint8_t code);
/* Writes c.dd without a NUL; always 4 octets. */
void lw_coap_code_format(uint8_t code, char out[4]);

#endif
