/* A secure session between two ends: plaintext on one side, protected octets on the other.
 *
 * The interface that DTLS, TLS and what may follow implement, each in a folder of its own below
 * src/sec, chosen by linking and by the backend object that is passed in. No I/O and no clock: what
 * the network delivered is fed, what is to be sent is asked for. NoSec is no session at all: a NULL
 * pointer, see net/link.h.
 *
 *   start --> (handshaking) --feed, step--> (established) --park--> a blob, the session freed
 *                  |                          |   ^                    |
 *                  | feed or step fails       |   +------ unpark ------+
 *                  v                          v close, or the peer closed
 *               (closed) <--------------------+
 *
 * One thread uses a session and its backend. Keys and plaintext are wiped when they are done with.
 */
#ifndef LW_SEC_SESSION_H
#define LW_SEC_SESSION_H

#include <stdbool.h>

#include "base/writer.h"
#include "lw/bytes.h"
#include "lw/err.h"
#include "lw/time.h"

/* Who the peer has proved to be. Valid as long as the session. */
typedef enum lw_identity_kind {
    LW_IDENTITY_NONE, /* not established */
    LW_IDENTITY_PSK,  /* id: the PSK identity */
    LW_IDENTITY_RPK,  /* id: SubjectPublicKeyInfo, DER */
    LW_IDENTITY_X509  /* id: the end entity certificate, DER; name: its CN or subjectAltName */
} lw_identity_kind;

typedef struct lw_identity {
    lw_identity_kind kind;
    lw_bytes id;
    lw_bytes name;
} lw_identity;

typedef struct lw_session lw_session;

typedef struct lw_session_ops {
    /* Begins a client's handshake; a server's session waits for feed. Once, before all others. */
    lw_err (*start)(lw_session *s, lw_time now);

    /* Takes what the network delivered: one datagram, or any octets of a stream. A record that does
     * not verify, is replayed or belongs to nobody is dropped silently: LW_OK. A failure closes the
     * session: LW_EDENIED when the peer's credential was refused or ours was, LW_EPROTO for a
     * handshake that cannot succeed, LW_END when the peer closed properly, LW_ENOMEM. Afterwards
     * next_out may still give an alert. */
    lw_err (*feed)(lw_session *s, lw_time now, lw_bytes in);

    /* The next plaintext that feed brought: one datagram's, or any part of a stream. LW_END: no
     * more. Valid until the next read, feed or destroy: answers are written while it is processed.
     * Call it until LW_END after every feed. */
    lw_err (*read)(lw_session *s, lw_bytes *out_plain);

    /* Protects one datagram, or any octets of a stream, for next_out. LW_AGAIN: not established
     * yet, nothing was taken; LW_ESTATE: closed; LW_ETOOBIG: more than one record holds. */
    lw_err (*write)(lw_session *s, lw_time now, lw_bytes plain);

    /* The next datagram, or part of the stream, to be sent. LW_END: none. Valid until any other
     * call of the session. Call it until LW_END after every start, feed, write, step and close. */
    lw_err (*next_out)(lw_session *s, lw_bytes *out);

    /* Does what is due: repeats a flight of the handshake. Fails as feed does, and with LW_ETIMEOUT
     * when the peer does not answer. */
    lw_err (*step)(lw_session *s, lw_time now);
    lw_time (*next_deadline)(const lw_session *s); /* LW_TIME_NEVER: none */

    bool (*is_established)(const lw_session *s);
    lw_identity (*peer_identity)(const lw_session *s);

    /* Writes all that is needed to go on later, and leaves the session fit for destroy only.
     * LW_ESTATE when it is not established, or something is under way (a DTLS session can be parked
     * after the first application record arrived); LW_ENOTSUP. The blob holds keys, and a stale one
     * repeats nonces: whoever restores one that may be stale says so to unpark. The identity is not
     * in it.
     */
    lw_err (*park)(lw_session *s, lw_writer *blob);

    /* Says goodbye (close_notify), for next_out to give. */
    void (*close)(lw_session *s, lw_time now);

    /* Wipes and frees, in any state. */
    void (*destroy)(lw_session *s);
} lw_session_ops;

/* Every backend's session begins with this. */
struct lw_session {
    const lw_session_ops *ops;
};

typedef enum lw_session_role { LW_SESSION_CLIENT, LW_SESSION_SERVER } lw_session_role;

/* Makes sessions. A backend is created with its credentials by its own function, one for each
 * thread and kind of transport, and outlives its sessions. */
typedef struct lw_session_backend lw_session_backend;
struct lw_session_backend {
    lw_err (*open)(lw_session_backend *b, lw_session_role role, lw_session **out_session);

    /* A session from a blob. maybe_stale: the blob may be older than the last record that was sent
     * (after a crash): counters are advanced and the replay window starts closed. */
    lw_err (*unpark)(lw_session_backend *b, lw_bytes blob, bool maybe_stale,
                     lw_session **out_session);
};

#endif
