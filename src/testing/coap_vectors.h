/* What CoAP messages are put through: their vectors (tests/vectors/coap.txt and coap-stream.txt),
 * and the checks that fuzz targets share.
 */
#ifndef LW_TESTING_COAP_VECTORS_H
#define LW_TESTING_COAP_VECTORS_H

#include <stdbool.h>

#include "coap/stream.h"
#include "lw/bytes.h"
#include "testing/vectors.h"

typedef enum lw_coap_wire {
    LW_COAP_WIRE_DATAGRAM,
    LW_COAP_WIRE_TCP,
    LW_COAP_WIRE_WEBSOCKET
} lw_coap_wire;

/* Runs all cases of tests/vectors/`file`, of datagrams or of streams: parsing, writing, every
 * truncation, every single octet changed to every other value. Tells what fails on stderr. */
bool lw_coap_vectors_run(const char *file, bool is_stream);

/* Whether parsing `in` either fails or gives a message that, written again option by option, is the
 * same octets: every message has exactly one encoding. */
bool lw_coap_survives(lw_coap_wire wire, lw_bytes in);

/* Whether parsing `text` as a URI either fails or gives options whose text, parsed in its turn,
 * gives the same options. */
bool lw_uri_survives(lw_bytes text);

/* The options that the lines of the case describe, encoded. */
lw_bytes lw_coap_vectors_options(lw_vectors *v);

#endif
