/*
 * resign HOME|- -- take a git commit object on standard input, sign it as the
 * device of HOME would (passphrase in FIELDKIT_PASSPHRASE_FILE), or by a key
 * that nobody knows, and write it to standard output.  A signature that it
 * bears already is taken off.
 */
#include "tests/tools/bench.h"

#define COMMIT_MAX 65536

static fault
read_commit(struct buf *in)
{
	size_t n = fread(buf_room(in, COMMIT_MAX), 1, COMMIT_MAX, stdin);

	in->len = n;
	return n > 0 && n < COMMIT_MAX ? NULL :
	    fault_new(FAULT_FORMAT, "standard input is no commit");
}

/* Where the header of the signature, or else the message, begins and ends. */
static fault
place(struct bytes in, size_t *from, size_t *to)
{
	const uint8_t *sig = memmem(in.at, in.len, "\ngpgsig ", 8);
	const uint8_t *end = memmem(in.at, in.len, "\n\n", 2);

	if (end == NULL)
		return fault_new(FAULT_FORMAT, "a commit without a message");
	*from = *to = (size_t)(end - in.at) + 1;
	if (sig != NULL && sig < end)
		*from = (size_t)(sig - in.at) + 1;
	return NULL;
}

static void
write_signed(struct bytes bare, size_t at, const uint8_t pk[SIGN_PK],
    const uint8_t sk[SIGN_SK])
{
	struct buf armor = BUF_EMPTY;
	uint8_t sig[WIRE_SIG_LEN];

	sign(sig, sk, SIGN_GIT, bare);
	sign_armor(&armor, pk, SIGN_GIT, sig);
	fwrite(bare.at, 1, at, stdout);
	fputs("gpgsig ", stdout);
	for (size_t i = 0; i < armor.len; i++) {
		putchar(armor.at[i]);
		if (armor.at[i] == '\n')
			putchar(' ');
	}
	putchar('\n');
	fwrite(bare.at + at, 1, bare.len - at, stdout);
	buf_free(&armor);
}

static fault
key(struct signer *who, struct home *h, const char *path)
{
	double ms;
	fault f;

	if (strcmp(path, "-") != 0) {
		if ((f = bench_open(h, path, &ms)) == NULL)
			*who = h->signer;
		return f;
	}
	if ((f = secret_start()) != NULL)
		return f;
	who->sk = secret_new(SIGN_SK);
	sign_keypair(who->pk, who->sk);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct home h = HOME_EMPTY;
	struct signer who = { .sk = NULL };
	struct buf in = BUF_EMPTY, bare = BUF_EMPTY;
	size_t from = 0, to = 0;
	fault f;

	if (argc != 2)
		f = fault_new(FAULT_USAGE, "usage: resign HOME|-");
	else if ((f = read_commit(&in)) == NULL &&
	    (f = place(buf_view(&in), &from, &to)) == NULL &&
	    (f = key(&who, &h, argv[1])) == NULL) {
		buf_add(&bare, in.at, from);
		buf_add(&bare, in.at + to, in.len - to);
		write_signed(buf_view(&bare), from, who.pk, who.sk);
	}
	buf_free(&in);
	buf_free(&bare);
	if (who.sk != h.signer.sk)
		secret_free(who.sk, SIGN_SK);
	home_close(&h);
	return bench_end(f);
}
