/* One download by the device itself: GET of a coap URI, block by block, on a link of its own
 * (lw/package.h: lw_fetch_coap). The engine knows it through this structure alone, so that a device
 * that fetches nothing links nothing.
 *
 *   start -> (waiting) -link-> (connecting) -> (fetching) -> (done): the job is told, all is freed
 *
 * Every step is taken from `alarm`: a link must not be dropped from within its own callbacks.
 */
#ifndef LW_CLIENT_FETCH_H
#define LW_CLIENT_FETCH_H

#include "client/engine.h"
#include "lw/package.h"

typedef enum lw_fetch_state {
    LW_FETCH_WAITING,
    LW_FETCH_CONNECTING,
    LW_FETCH_RUNNING,
    LW_FETCH_DONE
} lw_fetch_state;

typedef struct lw_fetching {
    lw_server server; /* never registered: its peer and its link */
    lw_alarm alarm;
    lw_fetch_job *job; /* NULL: nobody is to be told */
    lw_err outcome;
    uint8_t state; /* lw_fetch_state */
    uint16_t uri_len;
    uint8_t uri[];
} lw_fetching;

#endif
