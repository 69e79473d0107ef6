#include "testing/fakes.h"

#include <stdlib.h>
#include <string.h>

#include "coap/uri.h"
#include "lw/client.h"

static void *fake_alloc(void *ctx, size_t size)
{
    lw_fake_mem *fake = ctx;
    fake->count++;
    bool fails = fake->fail_at != 0 &&
                 (fake->fail_after ? fake->count >= fake->fail_at : fake->count == fake->fail_at);
    void *p = fails ? NULL : malloc(size != 0 ? size : 1);
    fake->live += p != NULL;
    return p;
}

static void fake_release(void *ctx, void *ptr)
{
    lw_fake_mem *fake = ctx;
    fake->live--;
    free(ptr);
}

lw_mem lw_fake_mem_mem(lw_fake_mem *fake)
{
    return (lw_mem){.alloc = fake_alloc, .release = fake_release, .ctx = fake};
}

static void fake_line(void *ctx, lw_log_level level, const char *module, lw_bytes text)
{
    (void)level;
    lw_fake_log *fake = ctx;
    size_t module_len = strlen(module);
    fake->lines++;
    if (fake->len + module_len + text.len + 4 > sizeof fake->text) {
        return; /* full: lines are still counted */
    }
    memcpy(fake->text + fake->len, module, module_len);
    memcpy(fake->text + fake->len + module_len, ": ", 2);
    fake->len += module_len + 2;
    if (text.len != 0) {
        memcpy(fake->text + fake->len, text.ptr, text.len);
    }
    fake->len += text.len;
    fake->text[fake->len++] = '\n';
    fake->text[fake->len] = '\0';
}

lw_log lw_fake_log_log(lw_fake_log *fake)
{
    return (lw_log){.line = fake_line, .ctx = fake};
}

bool lw_fake_log_has(const lw_fake_log *fake, const char *text)
{
    return strstr(fake->text, text) != NULL;
}

lw_err lw_fake_link_check(void *ctx, lw_bytes uri, uint8_t security)
{
    (void)ctx;
    lw_uri parsed;
    lw_err err = lw_uri_parse(uri, &parsed);
    bool has_keys = security != LW_SECURITY_NOSEC;
    bool is_ours = parsed.scheme == (has_keys ? LW_URI_COAPS : LW_URI_COAP);
    return err == LW_OK && !is_ours ? LW_ENOTSUP : err;
}
