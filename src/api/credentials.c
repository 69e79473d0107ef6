#include "api/credentials.h"

#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/call.h"
#include "api/gen/routes.h"
#include "base/base64.h"
#include "host/heap.h"

/* ---- What a credential consists of ---------------------------------------------------------- */

enum { TEXT, BASE64, NUMBER };

typedef struct field {
    const char *mode, *name;
    uint8_t kind;
    bool is_needed, is_secret;
    uint16_t min, max; /* octets, or the number */
} field;

static const field fields[] = {
    /* mode      name             kind    needed secret min max */
    {"psk", "identity", TEXT, true, false, 1, 128},
    {"psk", "key", BASE64, true, true, 1, 64},
    {"rpk", "public_key", BASE64, true, false, 1, 4096},
    {"x509", "certificate", BASE64, false, false, 1, 16384},
    {"oscore", "master_secret", BASE64, true, true, 16, 64},
    {"oscore", "sender_id", BASE64, true, false, 0, 7},
    {"oscore", "recipient_id", BASE64, true, false, 0, 7},
    {"oscore", "aead", NUMBER, false, false, 10, 10}, /* AES-CCM-16-64-128 */
    {"oscore", "hmac", NUMBER, false, false, 5, 5},   /* HMAC 256/256 */
    {"oscore", "master_salt", BASE64, false, true, 0, 64},
    {"oscore", "id_context", BASE64, false, false, 0, 64},
};
#define FIELD_COUNT (sizeof fields / sizeof *fields)

static const field *field_of(const char *mode, const char *name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].mode, mode) == 0 && strcmp(fields[i].name, name) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

static bool is_mode(const char *mode)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].mode, mode) == 0) {
            return true;
        }
    }
    return false;
}

/* Keys and certificates must be what they say they are. */
static bool is_legal_der(const field *f, const uint8_t *der, size_t len)
{
    const unsigned char *at = der;
    bool is_legal = true;
    if (strcmp(f->name, "public_key") == 0) {
        EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)len);
        is_legal = key != NULL && at == der + len;
        EVP_PKEY_free(key);
    } else if (strcmp(f->name, "certificate") == 0) {
        X509 *certificate = d2i_X509(NULL, &at, (long)len);
        is_legal = certificate != NULL && at == der + len;
        X509_free(certificate);
    }
    return is_legal;
}

static bool is_legal_base64(const field *f, const json_t *json, char *why, size_t why_len)
{
    uint8_t octets[16384 + 3];
    size_t len = 0;
    bool is_base64 = json_is_string(json) && lw_base64_decode(lw_bytes_of(json_string_value(json),
                                                                          json_string_length(json)),
                                                              octets, sizeof octets, &len) == LW_OK;
    if (!is_base64 || len < f->min || len > f->max) {
        snprintf(why, why_len, "must be %u to %u octets in base64", f->min, f->max);
        is_base64 = false;
    } else if (!is_legal_der(f, octets, len)) {
        snprintf(why, why_len, "must be a %s in DER",
                 strcmp(f->name, "certificate") == 0 ? "certificate" : "SubjectPublicKeyInfo");
        is_base64 = false;
    }
    lw_wipe(octets, sizeof octets);
    return is_base64;
}

static bool is_legal(const field *f, const json_t *json, char *why, size_t why_len)
{
    if (f->kind == BASE64) {
        return is_legal_base64(f, json, why, why_len);
    }
    if (f->kind == NUMBER) {
        snprintf(why, why_len, "must be %u, the only algorithm there is", f->min);
        return json_is_integer(json) && json_integer_value(json) >= f->min &&
               json_integer_value(json) <= f->max;
    }
    snprintf(why, why_len, "must be a text of %u to %u octets", f->min, f->max);
    return json_is_string(json) && json_string_length(json) >= f->min &&
           json_string_length(json) <= f->max;
}

/* False, with where and what is wrong. */
static bool check(const json_t *json, char *pointer, size_t pointer_len, char *why, size_t why_len)
{
    const char *mode = json_string_value(json_object_get(json, "mode"));
    const char *name;
    json_t *item;
    pointer[0] = '\0';
    if (mode == NULL || !is_mode(mode)) {
        snprintf(pointer, pointer_len, json_is_object(json) ? "/mode" : "");
        snprintf(why, why_len, "must be an object whose mode is psk, rpk, x509 or oscore");
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)json, name, item)
    {
        const field *f = field_of(mode, name);
        if (strcmp(name, "mode") == 0) {
            continue;
        }
        if (f == NULL) {
            snprintf(why, why_len, "the mode %s has no such member: %.60s", mode, name);
            return false;
        }
        if (!is_legal(f, item, why, why_len)) {
            snprintf(pointer, pointer_len, "/%s", name);
            return false;
        }
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (fields[i].is_needed && strcmp(fields[i].mode, mode) == 0 &&
            json_object_get(json, fields[i].name) == NULL) {
            snprintf(why, why_len, "%s is missing", fields[i].name);
            return false;
        }
    }
    if (strcmp(mode, "oscore") == 0 &&
        json_equal(json_object_get(json, "sender_id"), json_object_get(json, "recipient_id"))) {
        snprintf(pointer, pointer_len, "/recipient_id");
        snprintf(why, why_len, "must not be the sender_id");
        return false;
    }
    return true;
}

/* ---- Identities ----------------------------------------------------------------------------- */

typedef struct identity {
    lw_map_node node;
    lw_link link; /* in credentials.all */
    char *name, *endpoint;
} identity;

static uint64_t hash_of(const void *ctx, const lw_map_node *node)
{
    const identity *i = LW_CONTAINER(node, identity, node);
    return lw_hash(ctx, lw_bytes_str(i->name));
}

static identity *find_identity(const credentials *c, const char *name)
{
    uint64_t hash = lw_hash(&c->key, lw_bytes_str(name));
    for (lw_map_node *n = lw_map_first(&c->identities, hash); n != NULL; n = n->next) {
        identity *i = LW_CONTAINER(n, identity, node);
        if (strcmp(i->name, name) == 0) {
            return i;
        }
    }
    return NULL;
}

static void forget_identity(credentials *c, identity *i)
{
    if (i != NULL) {
        lw_map_remove(&c->identities, &i->node);
        lw_list_remove(&i->link);
        free(i->name);
        free(i->endpoint);
        free(i);
    }
}

static lw_err remember_identity(credentials *c, const char *name, lw_bytes endpoint)
{
    identity *i = calloc(1, sizeof *i);
    if (i == NULL) {
        return LW_ENOMEM;
    }
    i->name = strdup(name);
    i->endpoint = strndup((const char *)endpoint.ptr, endpoint.len);
    if (i->name == NULL || i->endpoint == NULL) {
        free(i->name);
        free(i->endpoint);
        free(i);
        return LW_ENOMEM;
    }
    lw_map_add(&c->identities, &i->node);
    lw_list_add_last(&c->all, &i->link);
    return LW_OK;
}

static json_t *parse(const lw_row *row)
{
    lw_bytes text = row->as.document.text;
    return json_loadb((const char *)text.ptr, text.len, 0, NULL);
}

typedef struct loading {
    credentials *c;
    lw_err err;
} loading;

static bool load_next(void *ctx, const lw_row *row)
{
    loading *l = ctx;
    json_t *json = parse(row);
    const char *name = json_string_value(json_object_get(json, "identity"));
    if (name != NULL) {
        l->err = remember_identity(l->c, name, row->as.document.key);
    }
    json_decref(json);
    return l->err == LW_OK;
}

lw_err credentials_init(credentials *c, lw_store *store)
{
    loading l = {c, LW_OK};
    *c = (credentials){.store = store, .mem = lw_heap};
    pthread_mutex_init(&c->change, NULL);
    lw_list_init(&c->all);
    if (RAND_bytes((unsigned char *)&c->key, sizeof c->key) != 1) {
        return LW_EIO;
    }
    lw_err err = lw_map_init(&c->identities, &c->mem, hash_of, &c->key);
    if (err == LW_OK) {
        err = store->ops->each(store, LW_ROW_CREDENTIAL, load_next, &l);
    }
    return err != LW_OK ? err : l.err;
}

void credentials_fini(credentials *c)
{
    if (c->store == NULL) {
        return;
    }
    while (!lw_list_is_empty(&c->all)) {
        forget_identity(c, LW_CONTAINER(c->all.next, identity, link));
    }
    lw_map_fini(&c->identities);
    pthread_mutex_destroy(&c->change);
    c->store = NULL;
}

/* ---- Documents ------------------------------------------------------------------------------ */

/* What may be shown: no secrets. */
static void write_known(json_out *o, lw_bytes endpoint, const json_t *json)
{
    const char *mode = json_string_value(json_object_get(json, "mode"));
    out_object(o, NULL);
    out_text(o, "endpoint", endpoint);
    out_str(o, "mode", mode != NULL ? mode : "");
    out_time(o, "changed_at", json_integer_value(json_object_get(json, "changed_at")));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const json_t *item = json_object_get(json, fields[i].name);
        if (mode == NULL || item == NULL || fields[i].is_secret ||
            strcmp(fields[i].mode, mode) != 0) {
            continue;
        }
        if (json_is_integer(item)) {
            out_int(o, fields[i].name, json_integer_value(item));
        } else if (json_is_string(item)) {
            out_str(o, fields[i].name, json_string_value(item));
        }
    }
    out_end(o, '}');
}

typedef struct page {
    json_out *o;
    uint32_t limit, count;
    char last[256 * 4 + 1];
    size_t last_len;
    bool has_more;
} page;

static bool write_next(void *ctx, const lw_row *row)
{
    page *p = ctx;
    lw_bytes key = row->as.document.key;
    if (p->count == p->limit) {
        p->has_more = true;
        return false;
    }
    json_t *json = parse(row);
    write_known(p->o, key, json);
    json_decref(json);
    p->count++;
    p->last_len = key.len < sizeof p->last ? key.len : sizeof p->last;
    memcpy(p->last, key.ptr, p->last_len);
    return true;
}

static bool write_one(void *ctx, const lw_row *row)
{
    json_t *json = parse(row);
    write_known(ctx, row->as.document.key, json);
    json_decref(json);
    return false;
}

static void no_credential(api_call *call)
{
    call_problem(call, API_NOT_FOUND, "that endpoint has no credential");
}

/* ---- Routes --------------------------------------------------------------------------------- */

void api_serve_list_credentials(api_call *call)
{
    lw_store *store = call->api->cfg.store;
    json_out o = {.text = NULL};
    page p = {.o = &o, .limit = (uint32_t)call_number(call, "limit", 100)};
    out_object(&o, NULL);
    out_array(&o, "items");
    lw_err err = store->ops->documents(store, LW_ROW_CREDENTIAL, call_text(call, "cursor"),
                                       p.limit + 1, write_next, &p);
    out_end(&o, ']');
    if (p.has_more) {
        out_text(&o, "next", lw_bytes_of(p.last, p.last_len));
    } else {
        out_null(&o, "next");
    }
    out_end(&o, '}');
    if (err != LW_OK) {
        out_fini(&o);
        call_failed(call, err);
        return;
    }
    call_answer(call, 200, &o);
}

void api_serve_get_credential(api_call *call)
{
    lw_store *store = call->api->cfg.store;
    json_out o = {.text = NULL};
    lw_row key = {.kind = LW_ROW_CREDENTIAL, .as.document.key = call_text(call, "endpoint")};
    lw_err err = store->ops->get(store, &key, write_one, &o);
    if (err == LW_ENOTFOUND) {
        no_credential(call);
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else {
        call_answer(call, 200, &o);
    }
    out_fini(&o);
}

static bool take_identity(void *ctx, const lw_row *row)
{
    char **name = ctx;
    json_t *json = parse(row);
    const char *text = json_string_value(json_object_get(json, "identity"));
    *name = text != NULL ? strdup(text) : NULL;
    json_decref(json);
    return false;
}

/* The PSK identity that the endpoint has now; from malloc, NULL: none. */
static char *identity_of(credentials *c, lw_bytes endpoint)
{
    char *name = NULL;
    lw_row key = {.kind = LW_ROW_CREDENTIAL, .as.document.key = endpoint};
    lw_err err = c->store->ops->get(c->store, &key, take_identity, &name);
    return err == LW_OK ? name : NULL;
}

/* Puts the document, and keeps the identities right. Needs the lock. LW_EEXISTS: the identity is
 * another endpoint's. */
static lw_err put_document(credentials *c, lw_bytes endpoint, const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "identity"));
    identity *known = name != NULL ? find_identity(c, name) : NULL;
    if (known != NULL && !lw_bytes_is(endpoint, known->endpoint)) {
        return LW_EEXISTS;
    }
    char *old = identity_of(c, endpoint);
    char *text = json_dumps(json, JSON_COMPACT);
    lw_err err = text == NULL
                     ? LW_ENOMEM
                     : store_put(c->store, LW_ROW_CREDENTIAL, endpoint, lw_bytes_str(text));
    if (err == LW_OK && old != NULL && (name == NULL || strcmp(old, name) != 0)) {
        forget_identity(c, find_identity(c, old));
    }
    if (err == LW_OK && name != NULL && known == NULL) {
        err = remember_identity(c, name, endpoint);
    }
    if (text != NULL) {
        lw_wipe(text, strlen(text));
    }
    free(text);
    free(old);
    return err;
}

void api_serve_put_credential(api_call *call)
{
    credentials *c = &call->api->credentials;
    lw_bytes endpoint = call_text(call, "endpoint");
    char pointer[64];
    char why[160];
    if (!check(call->json, pointer, sizeof pointer, why, sizeof why)) {
        call_invalid(call, pointer, why);
        return;
    }
    if (json_object_set_new(call->json, "changed_at", json_integer(lw_wall_clock())) != 0) {
        call_failed(call, LW_ENOMEM);
        return;
    }
    pthread_mutex_lock(&c->change);
    lw_err err = put_document(c, endpoint, call->json);
    pthread_mutex_unlock(&c->change);
    if (err == LW_EEXISTS) {
        call_problem(call, API_EXISTS, "this PSK identity is another endpoint's");
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else {
        json_out o = {.text = NULL};
        write_known(&o, endpoint, call->json);
        call_answer(call, 200, &o);
    }
}

void api_serve_delete_credential(api_call *call)
{
    credentials *c = &call->api->credentials;
    lw_bytes endpoint = call_text(call, "endpoint");
    lw_row key = {.kind = LW_ROW_CREDENTIAL, .as.document.key = endpoint};
    json_out o = {.text = NULL};
    pthread_mutex_lock(&c->change);
    char *old = identity_of(c, endpoint);
    lw_err err = c->store->ops->get(c->store, &key, write_one, &o);
    if (err == LW_OK) {
        err = store_remove(c->store, LW_ROW_CREDENTIAL, endpoint);
    }
    if (err == LW_OK && old != NULL) {
        forget_identity(c, find_identity(c, old));
    }
    pthread_mutex_unlock(&c->change);
    free(old);
    out_fini(&o);
    if (err == LW_ENOTFOUND) {
        no_credential(call);
    } else if (err != LW_OK) {
        call_failed(call, err);
    } else {
        call_answer_empty(call);
    }
}
