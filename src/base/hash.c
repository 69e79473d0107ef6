#include "base/hash.h"

uint32_t lw_digest(uint32_t before, const void *octets, size_t len)
{
    const uint8_t *p = octets;
    uint32_t digest = before;
    for (size_t i = 0; i < len; i++) {
        digest = (digest ^ p[i]) * 16777619u;
    }
    return digest;
}

typedef struct sip {
    uint64_t a, b, c, d;
} sip;

static uint64_t turn(uint64_t v, unsigned bits)
{
    return v << bits | v >> (64 - bits);
}

static void rounds(sip *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        s->a += s->b;
        s->c += s->d;
        s->b = turn(s->b, 13) ^ s->a;
        s->d = turn(s->d, 16) ^ s->c;
        s->a = turn(s->a, 32);
        s->a += s->d;
        s->c += s->b;
        s->d = turn(s->d, 21) ^ s->a;
        s->b = turn(s->b, 17) ^ s->c;
        s->c = turn(s->c, 32);
    }
}

static void absorb(sip *s, uint64_t word)
{
    s->d ^= word;
    rounds(s, 2);
    s->a ^= word;
}

static uint64_t little_endian(const uint8_t *at, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) {
        word |= (uint64_t)at[i] << (8 * i);
    }
    return word;
}

uint64_t lw_hash(const lw_hash_key *key, lw_bytes in)
{
    sip s = {.a = key->half[0] ^ 0x736f6d6570736575u,
             .b = key->half[1] ^ 0x646f72616e646f6du,
             .c = key->half[0] ^ 0x6c7967656e657261u,
             .d = key->half[1] ^ 0x7465646279746573u};
    size_t whole = in.len - in.len % 8;
    for (size_t i = 0; i < whole; i += 8) {
        absorb(&s, little_endian(in.ptr + i, 8));
    }
    uint64_t last = (uint64_t)in.len << 56;
    if (in.len > whole) {
        last |= little_endian(in.ptr + whole, in.len - whole);
    }
    absorb(&s, last);
    s.c ^= 0xff;
    rounds(&s, 4);
    return s.a ^ s.b ^ s.c ^ s.d;
}
