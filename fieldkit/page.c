#include "fieldkit/page.h"

#include <string.h>

#include <sodium.h>

#define AD_LEN 29

static const uint8_t magic[8] = { 'K', 'I', 'T', 'P', 'A', 'G', 0, 0 };
static const uint8_t mask[8] = { 'k', 'i', 't', '1', '.', 'j', 'c', 'k' };

/* "KITPAG" version | store id | role | page number, little-endian */
static void
associate(uint8_t ad[AD_LEN], const struct page_key *k, enum page_role role,
    uint32_t number)
{
	memcpy(ad, magic, sizeof magic);
	memcpy(ad + 8, k->store, 16);
	ad[24] = (uint8_t)role;
	for (int i = 0; i < 4; i++)
		ad[25 + i] = (uint8_t)(number >> (8 * i));
}

void
page_seal(uint8_t out[PAGE_LEN], const uint8_t in[PAGE_LEN],
    const struct page_key *k, enum page_role role, uint32_t number)
{
	uint8_t ad[AD_LEN], *nonce = out + PAGE_TEXT;

	associate(ad, k, role, number);
	randombytes_buf(nonce, PAGE_NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(out,
	    nonce + PAGE_NONCE, NULL, in, PAGE_TEXT, ad, sizeof ad, NULL,
	    nonce, k->key);
}

bool
page_open(uint8_t out[PAGE_LEN], const uint8_t in[PAGE_LEN],
    const struct page_key *k, enum page_role role, uint32_t number)
{
	uint8_t ad[AD_LEN];
	const uint8_t *nonce = in + PAGE_TEXT;

	associate(ad, k, role, number);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(out, NULL, in,
	    PAGE_TEXT, nonce + PAGE_NONCE, ad, sizeof ad, nonce, k->key) != 0)
		return false;
	memset(out + PAGE_TEXT, 0, PAGE_SPARE);
	return true;
}

uint32_t
page_mask(const struct page_key *k, const uint8_t nonce[PAGE_NONCE])
{
	uint8_t in[8 + PAGE_NONCE], h[32];

	memcpy(in, mask, sizeof mask);
	memcpy(in + 8, nonce, PAGE_NONCE);
	crypto_generichash(h, sizeof h, in, sizeof in, k->key, sizeof k->key);
	return (uint32_t)h[0] | (uint32_t)h[1] << 8 | (uint32_t)h[2] << 16 |
	    (uint32_t)h[3] << 24;
}
