/* Bearer tokens: 256 random bits each, shown once, kept as their SHA-256.
 *
 * A digest without salt or stretching is enough, because the secret is random and long: there is no
 * list of likely ones to try.
 */
#ifndef LW_API_TOKENS_H
#define LW_API_TOKENS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "api/out.h"
#include "api/route.h"
#include "lw/ports.h"

#define TOKEN_NAME_MAX     64u
#define TOKEN_DIGEST_BYTES 32u

typedef struct token {
    char name[TOKEN_NAME_MAX + 1];
    uint8_t digest[TOKEN_DIGEST_BYTES];
    uint8_t role;       /* api_role */
    lw_time created_at; /* wall clock */
    lw_time expires_at; /* LW_TIME_NEVER */
} token;

typedef struct tokens {
    lw_store *store;
    pthread_mutex_t change;        /* one change at a time, its wait for the disk included */
    pthread_rwlock_t lock;         /* guards the list */
    token list[LW_API_TOKENS_MAX]; /* by name */
    size_t count;
} tokens;

/* Reads them from the store. A document that makes no sense is refused: LW_EFORMAT. */
LW_MUST_CHECK lw_err tokens_init(tokens *t, lw_store *store);
void tokens_fini(tokens *t);

/* Who shows this secret; false: nobody (the name is ""), or one whose time is over. */
bool tokens_check(tokens *t, lw_bytes secret, lw_time wall, api_role *out_role,
                  char out_name[TOKEN_NAME_MAX + 1]);

/* Makes a token; name, role and times are given. It is durable when this returns LW_OK. LW_EEXISTS;
 * LW_EINVAL: no such name; LW_ENOMEM: too many; or what the store says. */
LW_MUST_CHECK lw_err tokens_create(tokens *t, token *fresh, char out_secret[LW_API_TOKEN_TEXT_MAX]);
/* LW_ENOTFOUND; LW_EDENIED: it is the last admin that does not expire; or what the store says. */
LW_MUST_CHECK lw_err tokens_delete(tokens *t, lw_bytes name);

size_t tokens_count(tokens *t);

/* The array "items". */
void tokens_write(tokens *t, json_out *o);
/* The members of one. */
void token_members(json_out *o, const token *t);

/* "viewer"; API_NONE for what is none. */
api_role role_of_name(lw_bytes name);
const char *role_name(api_role role);

#endif
