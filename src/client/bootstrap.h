/* A bootstrap, from the wish for one to its commit (BS; CLI-01 to CLI-04, CLI-30 to CLI-33).
 *
 *           begin           time is over            link up
 *   IDLE ---------> WAITING -------------> CONNECTING ----+--- 1.2 ---> ASKING_PACK
 *    ^  ^            ^   |                    |           |              |      | good pack
 *    |  +------------|---+                    |           v   any error  |      v
 *    |  a server     |  registered (RETRY)    |         ASKING <---------+   COMMITTED
 *    |               |                        |           |                     ^
 *    |               +------- failed ---------+           | 2.04, or a command  |
 *    |               |   (also: refused, no answer,       v                     |
 *    |               |    247 s of silence, link down)  RUNNING ----------------+
 *    |               +---------------------------------- |          Finish, consistent
 *    +---- LINGER <---- COMMITTED                        (Finish, inconsistent: 4.06, stays)
 *
 * WAITING is the hold-off of 0/x/11 before every first attempt (rule 3) and the back-off after a
 * failed one; servers are served meanwhile, and from CONNECTING to COMMITTED they are not (rule
 * 12).
 *
 * What the Bootstrap-Server commands is a series of transactions of the tree (lw_tree_hold): each
 * command holds or falls alone (rule 9), the session as a whole (rule 5). A device pays with a copy
 * of each instance that was there before and is changed or deleted, some 500 octets for a Security
 * instance with the default sizes; a first bootstrap only adds instances and pays next to nothing.
 * Where memory is out, the command gets 5.00 and nothing has happened.
 */
#ifndef LW_CLIENT_BOOTSTRAP_H
#define LW_CLIENT_BOOTSTRAP_H

#include "client/apply.h"
#include "client/engine.h"
#include "proto/bootstrap.h"

typedef enum lw_bs_state {
    LW_BS_IDLE,
    LW_BS_WAITING,     /* until alarm: 0/x/11, or the back-off */
    LW_BS_CONNECTING,  /* until link_up; alarm: gives up */
    LW_BS_ASKING_PACK, /* until the transfer ends */
    LW_BS_ASKING,      /* until the transfer ends, or a command arrives */
    LW_BS_RUNNING,     /* alarm: EXCHANGE_LIFETIME after the last command (BS-37) */
    LW_BS_FAILED,      /* alarm: now. Ends outside of the callback that saw it */
    LW_BS_COMMITTED,   /* alarm: now. The servers begin anew outside of the callback, too */
    LW_BS_LINGER       /* alarm: closes the link, which repeats the answer until then */
} lw_bs_state;

typedef struct lw_bootstrap {
    uint8_t state;    /* lw_bs_state */
    uint8_t rounds;   /* attempts since a server was registered with (P-BS-21) */
    uint8_t code;     /* of the last failure: of the answer */
    lw_err err;       /* of the last failure: why; LW_OK: there was none in this round */
    bool no_packs;    /* the Bootstrap-Server does not do them */
    lw_alarm purge;   /* when the Bootstrap-Server account goes (BS-50) */
    int64_t purge_at; /* by the clock of the platform; -1: it has none; 0: never */
    lw_server server; /* its link, the alarm of the state, and the request in flight */
} lw_bootstrap;

const char *lw_bs_state_name(lw_bs_state state);

/* ---- bootstrap.c: the session */

/* Asks the Bootstrap-Server, as lw_bs_request_put; on_end gets the lw_bootstrap. */
LW_MUST_CHECK lw_err lw_bs_send(lw_bootstrap *bs, lw_op op, uint16_t format, const char *account,
                                lw_coap_end_fn on_end);

/* The Bootstrap-Request: ASKING. */
void lw_bs_ask(lw_bootstrap *bs);

/* Everything that belongs to a Finish but its answer: checks, commits to storage and to the tree.
 * LW_ESTATE when the configuration is inconsistent, or what refused it; the session goes on. */
LW_MUST_CHECK lw_err lw_bs_conclude(lw_bootstrap *bs);

/* ---- bs_command.c: what the Bootstrap-Server may ask. The code of the answer. */

LW_MUST_CHECK lw_err lw_bs_command(lw_bootstrap *bs, const lw_call *call);

/* Removes what the path names, but for what a Bootstrap-Delete spares (BS-31, BS-33); or else, to
 * purge it, the Bootstrap-Server account alone, which is there (BS-50). */
LW_MUST_CHECK lw_err lw_bs_remove(lw_client *client, bool purge, lw_path scope);

/* Applies a Write, or a pack, by the rules of a bootstrap; fills in what follows from them. */
LW_MUST_CHECK lw_err lw_bs_apply(lw_apply *apply);

/* ---- pack.c */

/* The Bootstrap-Server account as `acc` (BS-60). */
void lw_bs_write_account(lw_client *client, lw_writer *w);

/* ---- consistency.c: what the accounts in the tree are. One is its Security instance. */

/* BS-40. LW_ESTATE, and a line in the log for each path that is wrong. */
LW_MUST_CHECK lw_err lw_bs_check(lw_client *client);

/* The instance of /0 that is the Bootstrap-Server's; LW_ID_MAX: there is none. */
uint16_t lw_bs_account(lw_client *client);

/* How many instances of /0, or of /1, have that Short Server ID (lw_account_ssid). */
unsigned lw_bs_count(lw_client *client, uint16_t object, uint16_t ssid);

/* Whose an instance is: the Short Server ID (lw_account_ssid) of an account, and of an instance of
 * /21, /23 or /24 that of the account that links it, the Bootstrap-Server's first. LW_ID_MAX: of no
 * one in particular. */
uint16_t lw_bs_owner(lw_client *client, lw_path instance);

#endif
