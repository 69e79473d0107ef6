/* Mbed TLS's replaceable functions (MBEDTLS_..._ALT), done by OpenSSL's libcrypto: the compression
 * function of SHA-256, and ECDSA and ECDH over P-256. For hosts only; a device uses Mbed TLS's own.
 *
 * The calls are libcrypto's low-level ones. OpenSSL 3 marks them deprecated, not slow: its EVP
 * calls look up an implementation and copy keys each time, which costs more than what is to be
 * gained. Random numbers come from libcrypto's own generator; the one that Mbed TLS passes in is
 * not used.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

#include <string.h>
#include <threads.h>

#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "mbedtls/ecdh.h"
#include "mbedtls/ecdsa.h"
#include "mbedtls/sha256.h"

#define SCALAR_LEN 32 /* octets of a coordinate or a scalar of P-256 */
#define POINT_LEN  (1 + 2 * SCALAR_LEN)

typedef int random_fn(void *, unsigned char *, size_t);

_Static_assert(sizeof(((SHA256_CTX *)0)->h) == sizeof(((mbedtls_sha256_context *)0)->state),
               "both keep the state of SHA-256 as eight words");

int mbedtls_internal_sha256_process(mbedtls_sha256_context *ctx, const unsigned char data[64])
{
    SHA256_CTX sha;
    memcpy(sha.h, ctx->state, sizeof sha.h);
    SHA256_Transform(&sha, data);
    memcpy(ctx->state, sha.h, sizeof sha.h);
    OPENSSL_cleanse(&sha, sizeof sha);
    return 0;
}

/* The curve's constants: made once, shared by all threads, never changed. */
static EC_GROUP *p256;

static void make_p256(void)
{
    p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

/* An empty key on the curve, or NULL: also when the caller is on another curve than P-256. */
static EC_KEY *new_key(const mbedtls_ecp_group *group)
{
    static once_flag once = ONCE_FLAG_INIT;
    call_once(&once, make_p256);
    EC_KEY *key = EC_KEY_new();
    if (group->id != MBEDTLS_ECP_DP_SECP256R1 || p256 == NULL || key == NULL ||
        EC_KEY_set_group(key, p256) != 1) {
        EC_KEY_free(key);
        return NULL;
    }
    return key;
}

/* A number of at most SCALAR_LEN octets, or NULL. To be freed with BN_clear_free. */
static BIGNUM *to_bignum(const mbedtls_mpi *number)
{
    unsigned char octets[SCALAR_LEN];
    BIGNUM *out = NULL;
    if (mbedtls_mpi_cmp_int(number, 0) >= 0 &&
        mbedtls_mpi_write_binary(number, octets, sizeof octets) == 0) {
        out = BN_bin2bn(octets, sizeof octets, NULL);
    }
    OPENSSL_cleanse(octets, sizeof octets);
    return out;
}

static int from_bignum(mbedtls_mpi *out, const BIGNUM *number)
{
    unsigned char octets[SCALAR_LEN];
    int ret = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    if (number != NULL && BN_bn2binpad(number, octets, sizeof octets) == sizeof octets) {
        ret = mbedtls_mpi_read_binary(out, octets, sizeof octets);
    }
    OPENSSL_cleanse(octets, sizeof octets);
    return ret;
}

/* A key that has only its public half, or NULL. libcrypto checks that the point is on the curve. */
static EC_KEY *to_public_key(const mbedtls_ecp_group *group, const mbedtls_ecp_point *point)
{
    unsigned char octets[POINT_LEN];
    size_t len;
    EC_KEY *key = new_key(group);
    if (key == NULL ||
        mbedtls_ecp_point_write_binary(group, point, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, octets,
                                       sizeof octets) != 0 ||
        EC_KEY_oct2key(key, octets, len, NULL) != 1) {
        EC_KEY_free(key);
        return NULL;
    }
    return key;
}

/* A key that has only its private half, or NULL. */
static EC_KEY *to_private_key(const mbedtls_ecp_group *group, const mbedtls_mpi *scalar)
{
    EC_KEY *key = new_key(group);
    BIGNUM *d = to_bignum(scalar);
    if (key == NULL || d == NULL || EC_KEY_set_private_key(key, d) != 1) {
        EC_KEY_free(key);
        key = NULL;
    }
    BN_clear_free(d);
    return key;
}

static ECDSA_SIG *to_signature(const mbedtls_mpi *r, const mbedtls_mpi *s)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r_number = to_bignum(r);
    BIGNUM *s_number = to_bignum(s);
    /* set0 takes the numbers over, unless one is missing */
    if (signature == NULL || ECDSA_SIG_set0(signature, r_number, s_number) != 1) {
        BN_free(r_number);
        BN_free(s_number);
        ECDSA_SIG_free(signature);
        return NULL;
    }
    return signature;
}

int mbedtls_ecdsa_verify(mbedtls_ecp_group *group, const unsigned char *hash, size_t hash_len,
                         const mbedtls_ecp_point *public_point, const mbedtls_mpi *r,
                         const mbedtls_mpi *s)
{
    EC_KEY *key = to_public_key(group, public_point);
    ECDSA_SIG *signature = to_signature(r, s);
    int valid = key != NULL && signature != NULL &&
                ECDSA_do_verify(hash, (int)hash_len, signature, key) == 1;
    ECDSA_SIG_free(signature);
    EC_KEY_free(key);
    return valid ? 0 : MBEDTLS_ERR_ECP_VERIFY_FAILED;
}

int mbedtls_ecdsa_sign(mbedtls_ecp_group *group, mbedtls_mpi *r, mbedtls_mpi *s,
                       const mbedtls_mpi *scalar, const unsigned char *hash, size_t hash_len,
                       random_fn *random, void *random_ctx)
{
    (void)random;
    (void)random_ctx;
    EC_KEY *key = to_private_key(group, scalar);
    ECDSA_SIG *signature = key != NULL ? ECDSA_do_sign(hash, (int)hash_len, key) : NULL;
    int ret = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    if (signature != NULL) {
        ret = from_bignum(r, ECDSA_SIG_get0_r(signature));
    }
    if (ret == 0) {
        ret = from_bignum(s, ECDSA_SIG_get0_s(signature));
    }
    ECDSA_SIG_free(signature);
    EC_KEY_free(key);
    return ret;
}

int mbedtls_ecdh_gen_public(mbedtls_ecp_group *group, mbedtls_mpi *scalar,
                            mbedtls_ecp_point *public_point, random_fn *random, void *random_ctx)
{
    (void)random;
    (void)random_ctx;
    unsigned char octets[POINT_LEN];
    EC_KEY *key = new_key(group);
    int ret = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    if (key != NULL && EC_KEY_generate_key(key) == 1 &&
        EC_POINT_point2oct(p256, EC_KEY_get0_public_key(key), POINT_CONVERSION_UNCOMPRESSED, octets,
                           sizeof octets, NULL) == sizeof octets) {
        ret = from_bignum(scalar, EC_KEY_get0_private_key(key));
    }
    if (ret == 0) {
        ret = mbedtls_ecp_point_read_binary(group, public_point, octets, sizeof octets);
    }
    EC_KEY_free(key); /* wipes the private half */
    return ret;
}

int mbedtls_ecdh_compute_shared(mbedtls_ecp_group *group, mbedtls_mpi *shared,
                                const mbedtls_ecp_point *public_point, const mbedtls_mpi *scalar,
                                random_fn *random, void *random_ctx)
{
    (void)random;
    (void)random_ctx;
    unsigned char x[SCALAR_LEN];
    EC_KEY *theirs = to_public_key(group, public_point);
    EC_KEY *ours = to_private_key(group, scalar);
    int ret = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
    if (theirs != NULL && ours != NULL &&
        ECDH_compute_key(x, sizeof x, EC_KEY_get0_public_key(theirs), ours, NULL) == sizeof x) {
        ret = mbedtls_mpi_read_binary(shared, x, sizeof x);
    }
    OPENSSL_cleanse(x, sizeof x);
    EC_KEY_free(theirs);
    EC_KEY_free(ours);
    return ret;
}
