#include "api/tokens.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/gen/routes.h"
#include "base/base64.h"
#include "base/mem.h"

#define SECRET_BYTES 32u
#define PREFIX       "lw_" /* so that people and scanners recognise one that got out */

static const char *const role_names[] = {"none", "viewer", "operator", "admin"};

api_role role_of_name(lw_bytes name)
{
    for (unsigned i = API_VIEWER; i <= API_ADMIN; i++) {
        if (lw_bytes_is(name, role_names[i])) {
            return (api_role)i;
        }
    }
    return API_NONE;
}

const char *role_name(api_role role)
{
    return role_names[role];
}

static void digest_of(lw_bytes secret, uint8_t out[TOKEN_DIGEST_BYTES])
{
    SHA256(secret.ptr, secret.len, out);
}

/* ---- Documents ------------------------------------------------------------------------------ */

static void write_document(json_out *o, const token *t)
{
    out_object(o, NULL);
    out_str(o, "role", role_name((api_role)t->role));
    out_base64(o, "sha256", lw_bytes_of(t->digest, sizeof t->digest));
    out_int(o, "created_at", t->created_at);
    if (t->expires_at != LW_TIME_NEVER) {
        out_int(o, "expires_at", t->expires_at);
    }
    out_end(o, '}');
}

static bool read_document(const lw_row_document *document, token *t)
{
    const char *role = NULL;
    const char *digest = NULL;
    json_int_t created = 0;
    json_int_t expires = LW_TIME_NEVER;
    size_t len = 0;
    *t = (token){.role = API_NONE};
    json_t *json = json_loadb((const char *)document->text.ptr, document->text.len, 0, NULL);
    bool is_read =
        json != NULL && document->key.len <= TOKEN_NAME_MAX &&
        json_unpack(json, "{s:s,s:s,s:I,s?I}", "role", &role, "sha256", &digest, "created_at",
                    &created, "expires_at", &expires) == 0 &&
        lw_base64_decode(lw_bytes_str(digest), t->digest, sizeof t->digest, &len) == LW_OK &&
        len == sizeof t->digest;
    if (is_read) {
        memcpy(t->name, document->key.ptr, document->key.len);
        t->role = (uint8_t)role_of_name(lw_bytes_str(role));
        t->created_at = created;
        t->expires_at = expires;
    }
    json_decref(json);
    return is_read && t->role != API_NONE;
}

/* ---- The list ------------------------------------------------------------------------------- */

/* Where that name is, or belongs. */
static size_t place_of(const tokens *t, const char *name)
{
    size_t at = 0;
    while (at < t->count && strcmp(t->list[at].name, name) < 0) {
        at++;
    }
    return at;
}

static bool is_at(const tokens *t, size_t at, const char *name)
{
    return at < t->count && strcmp(t->list[at].name, name) == 0;
}

static void insert(tokens *t, const token *fresh)
{
    size_t at = place_of(t, fresh->name);
    memmove(&t->list[at + 1], &t->list[at], (t->count - at) * sizeof *t->list);
    t->list[at] = *fresh;
    t->count++;
}

typedef struct loading {
    tokens *t;
    bool failed;
} loading;

static bool load_next(void *ctx, const lw_row *row)
{
    loading *l = ctx;
    token one;
    l->failed = l->t->count == LW_API_TOKENS_MAX || !read_document(&row->as.document, &one);
    if (!l->failed) {
        insert(l->t, &one);
    }
    return !l->failed;
}

lw_err tokens_init(tokens *t, lw_store *store)
{
    *t = (tokens){.store = store};
    pthread_mutex_init(&t->change, NULL);
    pthread_rwlock_init(&t->lock, NULL);
    loading l = {t, false};
    lw_err err = store->ops->each(store, LW_ROW_TOKEN, load_next, &l);
    return err != LW_OK ? err : l.failed ? LW_EFORMAT : LW_OK;
}

void tokens_fini(tokens *t)
{
    if (t->store != NULL) {
        pthread_mutex_destroy(&t->change);
        pthread_rwlock_destroy(&t->lock);
        lw_wipe(t->list, sizeof t->list);
    }
    t->store = NULL;
}

/* All are compared, each in constant time: how long it takes says nothing about which is close. */
bool tokens_check(tokens *t, lw_bytes secret, lw_time wall, api_role *out_role,
                  char out_name[TOKEN_NAME_MAX + 1])
{
    uint8_t digest[TOKEN_DIGEST_BYTES];
    bool found = false;
    out_name[0] = '\0';
    digest_of(secret, digest);
    pthread_rwlock_rdlock(&t->lock);
    for (size_t i = 0; i < t->count; i++) {
        const token *one = &t->list[i];
        if (CRYPTO_memcmp(one->digest, digest, sizeof digest) == 0) {
            *out_role = (api_role)one->role;
            memcpy(out_name, one->name, sizeof one->name);
            found = wall < one->expires_at;
        }
    }
    pthread_rwlock_unlock(&t->lock);
    return found;
}

static lw_err make_secret(token *fresh, char out_secret[LW_API_TOKEN_TEXT_MAX])
{
    uint8_t random[SECRET_BYTES];
    lw_writer w;
    if (RAND_bytes(random, sizeof random) != 1) {
        return LW_EIO;
    }
    lw_writer_init(&w, (uint8_t *)out_secret, LW_API_TOKEN_TEXT_MAX - 1);
    lw_write_str(&w, PREFIX);
    lw_base64_encode(LW_BASE64_URL, lw_bytes_of(random, sizeof random), &w);
    out_secret[w.pos] = '\0';
    lw_wipe(random, sizeof random);
    digest_of(lw_bytes_str(out_secret), fresh->digest);
    return w.err;
}

static lw_err add_under_lock(tokens *t, token *fresh, char out_secret[LW_API_TOKEN_TEXT_MAX])
{
    json_out o = {.text = NULL};
    if (is_at(t, place_of(t, fresh->name), fresh->name)) {
        return LW_EEXISTS;
    }
    if (t->count == LW_API_TOKENS_MAX) {
        return LW_ENOMEM;
    }
    lw_err err = make_secret(fresh, out_secret);
    if (err != LW_OK) {
        return err;
    }
    write_document(&o, fresh);
    err = o.failed ? LW_ENOMEM
                   : store_put(t->store, LW_ROW_TOKEN, lw_bytes_str(fresh->name),
                               lw_bytes_of(o.text, o.len));
    out_fini(&o);
    if (err == LW_OK) {
        pthread_rwlock_wrlock(&t->lock);
        insert(t, fresh);
        pthread_rwlock_unlock(&t->lock);
    }
    return err;
}

lw_err tokens_create(tokens *t, token *fresh, char out_secret[LW_API_TOKEN_TEXT_MAX])
{
    if (fresh->name[0] == '\0' || fresh->role < API_VIEWER || fresh->role > API_ADMIN) {
        return LW_EINVAL;
    }
    pthread_mutex_lock(&t->change);
    lw_err err = add_under_lock(t, fresh, out_secret);
    pthread_mutex_unlock(&t->change);
    return err;
}

/* Without it nobody could make another one. */
static bool is_last_admin(const tokens *t, size_t at)
{
    for (size_t i = 0; i < t->count; i++) {
        const token *one = &t->list[i];
        if (i != at && one->role == API_ADMIN && one->expires_at == LW_TIME_NEVER) {
            return false;
        }
    }
    return t->list[at].role == API_ADMIN;
}

/* It is refused from the first moment on; if that cannot be kept, it is back. */
lw_err tokens_delete(tokens *t, lw_bytes name)
{
    char text[TOKEN_NAME_MAX + 1] = "";
    if (name.len > TOKEN_NAME_MAX) {
        return LW_ENOTFOUND;
    }
    memcpy(text, name.ptr, name.len);
    pthread_mutex_lock(&t->change);
    size_t at = place_of(t, text);
    lw_err err = !is_at(t, at, text) ? LW_ENOTFOUND : is_last_admin(t, at) ? LW_EDENIED : LW_OK;
    if (err == LW_OK) {
        token gone = t->list[at];
        pthread_rwlock_wrlock(&t->lock);
        t->count--;
        memmove(&t->list[at], &t->list[at + 1], (t->count - at) * sizeof *t->list);
        pthread_rwlock_unlock(&t->lock);
        err = store_remove(t->store, LW_ROW_TOKEN, name);
        if (err != LW_OK) {
            pthread_rwlock_wrlock(&t->lock);
            insert(t, &gone);
            pthread_rwlock_unlock(&t->lock);
        }
    }
    pthread_mutex_unlock(&t->change);
    return err;
}

size_t tokens_count(tokens *t)
{
    pthread_rwlock_rdlock(&t->lock);
    size_t count = t->count;
    pthread_rwlock_unlock(&t->lock);
    return count;
}

void token_members(json_out *o, const token *t)
{
    out_str(o, "name", t->name);
    out_str(o, "role", role_name((api_role)t->role));
    out_time(o, "created_at", t->created_at);
    if (t->expires_at != LW_TIME_NEVER) {
        out_time(o, "expires_at", t->expires_at);
    }
}

void tokens_write(tokens *t, json_out *o)
{
    out_array(o, "items");
    pthread_rwlock_rdlock(&t->lock);
    for (size_t i = 0; i < t->count; i++) {
        out_object(o, NULL);
        token_members(o, &t->list[i]);
        out_end(o, '}');
    }
    pthread_rwlock_unlock(&t->lock);
    out_end(o, ']');
}

/* ---- Routes --------------------------------------------------------------------------------- */

void api_serve_list_tokens(api_call *call)
{
    json_out o = {.text = NULL};
    out_object(&o, NULL);
    tokens_write(&call->api->tokens, &o);
    out_end(&o, '}');
    call_answer(call, 200, &o);
}

/* NULL, or what is wrong, with where it is. */
static const char *read_new_token(const api_call *call, token *fresh, const char **out_pointer)
{
    const char *key;
    json_t *item;
    *fresh = (token){.expires_at = LW_TIME_NEVER, .created_at = lw_wall_clock()};
    *out_pointer = "";
    if (!json_is_object(call->json)) {
        return "must be an object with name and role";
    }
    json_object_foreach(call->json, key, item)
    {
        const char *text = json_is_string(item) ? json_string_value(item) : NULL;
        if (strcmp(key, "name") == 0) {
            *out_pointer = "/name";
            size_t len = text != NULL ? strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                     "abcdefghijklmnopqrstuvwxyz0123456789._-")
                                      : 0;
            if (len == 0 || text[len] != '\0' || len > TOKEN_NAME_MAX) {
                return "must have 1 to 64 letters, digits, dots, dashes or underscores";
            }
            memcpy(fresh->name, text, len);
        } else if (strcmp(key, "role") == 0) {
            *out_pointer = "/role";
            fresh->role = (uint8_t)role_of_name(lw_bytes_str(text != NULL ? text : ""));
            if (fresh->role == API_NONE) {
                return "must be viewer, operator or admin";
            }
        } else if (strcmp(key, "expires_at") == 0) {
            *out_pointer = "/expires_at";
            if (text == NULL || !api_time_parse(lw_bytes_str(text), &fresh->expires_at)) {
                return "must be a time such as 2026-01-31T08:00:00Z";
            }
        } else {
            return "may have name, role and expires_at, and nothing else";
        }
    }
    *out_pointer = "";
    return fresh->name[0] == '\0' || fresh->role == API_NONE ? "must have a name and a role" : NULL;
}

void api_serve_create_token(api_call *call)
{
    token fresh;
    const char *pointer;
    char secret[LW_API_TOKEN_TEXT_MAX];
    const char *why = read_new_token(call, &fresh, &pointer);
    if (why != NULL) {
        call_invalid(call, pointer, why);
        return;
    }
    lw_err err = tokens_create(&call->api->tokens, &fresh, secret);
    if (err == LW_EEXISTS) {
        call_problem(call, API_EXISTS, "there is a token with that name");
    } else if (err == LW_ENOMEM) {
        call_problem(call, API_QUEUE_FULL, "there are %u tokens already", LW_API_TOKENS_MAX);
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else {
        json_out o = {.text = NULL};
        out_object(&o, NULL);
        token_members(&o, &fresh);
        out_str(&o, "token", secret);
        out_end(&o, '}');
        call_answer(call, 201, &o);
    }
    lw_wipe(secret, sizeof secret);
}

void api_serve_delete_token(api_call *call)
{
    lw_err err = tokens_delete(&call->api->tokens, call_text(call, "name"));
    if (err == LW_ENOTFOUND) {
        call_problem(call, API_NOT_FOUND, "there is no token with that name");
    } else if (err == LW_EDENIED) {
        call_problem(call, API_NOT_POSSIBLE,
                     "it is the last admin that does not expire; make another one first");
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else {
        call_answer_empty(call);
    }
}
