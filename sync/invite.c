#include "sync/invite.h"

#include <stdlib.h>
#include <string.h>

#include "sync/base/secret.h"

#define WORDS	6
#define WORD	5
#define WORD_COUNT 7776
#define WORD_MAX 15		/* typed; six of them fit INVITE_CODE */

static char
letter(uint32_t *n, const char *of)
{
	uint32_t base = (uint32_t)strlen(of);
	char c = of[*n % base];

	*n /= base;
	return c;
}

static void
word(char to[WORD], uint32_t n)
{
	static const char first[] = "bdfklmrst", vowel[] = "aeio";
	static const char last[] = "klmrst";

	to[0] = letter(&n, first);
	to[1] = letter(&n, vowel);
	to[2] = letter(&n, first);
	to[3] = letter(&n, vowel);
	to[4] = letter(&n, last);
}

void
invite_code(char to[INVITE_CODE])
{
	for (int i = 0; i < WORDS; i++) {
		word(to, random_below(WORD_COUNT));
		to[WORD] = i == WORDS - 1 ? '\0' : ' ';
		to += WORD + 1;
	}
}

bool
invite_code_tidy(char to[INVITE_CODE], const char *typed)
{
	size_t n = 0, words = 0, len = 0;

	for (; *typed != '\0'; typed++) {
		int c = (unsigned char)*typed;

		if (strchr(" -,\t\r\n", c) != NULL) {
			len = 0;
			continue;
		}
		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (c < 'a' || c > 'z' || len == WORD_MAX)
			return false;
		if (len == 0 && words++ == WORDS)
			return false;
		if (len++ == 0 && words > 1)
			to[n++] = ' ';
		to[n++] = (char)c;
	}
	to[n] = '\0';
	return words == WORDS;
}

void
invite_free(struct invite *in)
{
	secret_free(in->once_seed, 32);
	for (size_t i = 0; i < in->nhubs; i++) {
		free(in->hubs[i].name);
		free(in->hubs[i].url);
	}
	for (size_t i = 0; i < in->nroster; i++) {
		buf_free(&in->roster[i].commit);
		buf_free(&in->roster[i].blob);
	}
	free(in->name);
	free(in->title);
	free(in->hubs);
	free(in->pins);
	free(in->roster);
	keys_free(in->keys);
	*in = (struct invite){ .nhubs = 0 };
}
