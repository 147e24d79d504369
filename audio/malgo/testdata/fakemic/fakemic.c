/*
 * A microphone for ALSA's library that fails on demand: pcm type "fakemic".
 *
 *   channels N, rate N   the only format, S16
 *   unplug_ms N          after that long the card is gone: every read says ENODEV
 *   stall_ms N           after that long nothing comes any more, without a word
 *
 * It runs in real time. Sample c of frame n is 1000 * c + n % 1000. A reader that is
 * later than its buffer is long gets EPIPE, as from hardware.
 */
#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct fakemic {
	snd_pcm_ioplug_t io;
	long channels, rate, unplug_ms, stall_ms;
	int timer;
	int64_t start;  /* ns */
	uint64_t given; /* frames since start */
};

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t position(struct fakemic *m)
{
	int64_t passed = now() - m->start;
	if (m->stall_ms && passed > m->stall_ms * 1000000)
		passed = m->stall_ms * 1000000;
	return (uint64_t)passed * m->rate / 1000000000;
}

static int gone(struct fakemic *m)
{
	if (!m->unplug_ms || !m->start || now() - m->start < m->unplug_ms * 1000000)
		return 0;
	snd_pcm_ioplug_set_state(&m->io, SND_PCM_STATE_DISCONNECTED);
	return 1;
}

static int mic_prepare(snd_pcm_ioplug_t *io)
{
	struct fakemic *m = io->private_data;
	m->given = 0;
	return 0;
}

static int mic_start(snd_pcm_ioplug_t *io)
{
	struct fakemic *m = io->private_data;
	struct itimerspec every = { { 0, 2000000 }, { 0, 2000000 } };
	m->start = now();
	return timerfd_settime(m->timer, 0, &every, NULL);
}

static int mic_stop(snd_pcm_ioplug_t *io)
{
	struct fakemic *m = io->private_data;
	struct itimerspec never = { { 0, 0 }, { 0, 0 } };
	return timerfd_settime(m->timer, 0, &never, NULL);
}

static snd_pcm_sframes_t mic_pointer(snd_pcm_ioplug_t *io)
{
	struct fakemic *m = io->private_data;
	uint64_t at = position(m);
	if (gone(m))
		return -ENODEV;
	if (at - m->given > io->buffer_size)
		return -EPIPE;
	return at % io->buffer_size;
}

static snd_pcm_sframes_t mic_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
				      snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
	struct fakemic *m = io->private_data;
	if (gone(m))
		return -ENODEV;
	for (snd_pcm_uframes_t i = 0; i < size; i++, m->given++)
		for (long c = 0; c < m->channels; c++) {
			const snd_pcm_channel_area_t *a = &areas[c];
			char *p = (char *)a->addr + (a->first + (offset + i) * a->step) / 8;
			*(int16_t *)p = 1000 * c + m->given % 1000;
		}
	return size;
}

static int mic_poll_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned int n, unsigned short *revents)
{
	struct fakemic *m = io->private_data;
	uint64_t ticks;
	*revents = 0;
	if (gone(m)) {
		*revents = POLLIN | POLLERR; /* and the timer stays readable */
		return 0;
	}
	if (n == 1 && (fds[0].revents & POLLIN) && read(m->timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
		return -errno;
	if (position(m) - m->given >= io->period_size)
		*revents = POLLIN;
	return 0;
}

/* The library frees the ioplug itself, and uses it after this. */
static int mic_close(snd_pcm_ioplug_t *io)
{
	struct fakemic *m = io->private_data;
	return close(m->timer);
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.start = mic_start,
	.stop = mic_stop,
	.pointer = mic_pointer,
	.transfer = mic_transfer,
	.prepare = mic_prepare,
	.poll_revents = mic_poll_revents,
	.close = mic_close,
};

static int constrain(struct fakemic *m)
{
	static const unsigned int access = SND_PCM_ACCESS_RW_INTERLEAVED, format = SND_PCM_FORMAT_S16_LE;
	unsigned int frame = 2 * m->channels;
	int err = snd_pcm_ioplug_set_param_list(&m->io, SND_PCM_IOPLUG_HW_ACCESS, 1, &access);
	if (!err)
		err = snd_pcm_ioplug_set_param_list(&m->io, SND_PCM_IOPLUG_HW_FORMAT, 1, &format);
	if (!err)
		err = snd_pcm_ioplug_set_param_minmax(&m->io, SND_PCM_IOPLUG_HW_CHANNELS, m->channels, m->channels);
	if (!err)
		err = snd_pcm_ioplug_set_param_minmax(&m->io, SND_PCM_IOPLUG_HW_RATE, m->rate, m->rate);
	if (!err)
		err = snd_pcm_ioplug_set_param_minmax(&m->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 16 * frame, 65536 * frame);
	if (!err)
		err = snd_pcm_ioplug_set_param_minmax(&m->io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 64 * frame, 262144 * frame);
	if (!err)
		err = snd_pcm_ioplug_set_param_minmax(&m->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 1024);
	return err;
}

SND_PCM_PLUGIN_DEFINE_FUNC(fakemic)
{
	struct fakemic *m = calloc(1, sizeof *m);
	snd_config_iterator_t i, next;
	int err;

	if (!m)
		return -ENOMEM;
	m->channels = 1;
	m->rate = 16000;
	snd_config_for_each(i, next, conf) {
		snd_config_t *n = snd_config_iterator_entry(i);
		const char *id;
		long v;
		if (snd_config_get_id(n, &id) < 0 || snd_config_get_integer(n, &v) < 0)
			continue;
		if (!strcmp(id, "channels"))
			m->channels = v;
		else if (!strcmp(id, "rate"))
			m->rate = v;
		else if (!strcmp(id, "unplug_ms"))
			m->unplug_ms = v;
		else if (!strcmp(id, "stall_ms"))
			m->stall_ms = v;
	}
	m->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	m->io.version = SND_PCM_IOPLUG_VERSION;
	m->io.name = "a microphone that fails on demand";
	m->io.callback = &callbacks;
	m->io.private_data = m;
	m->io.poll_fd = m->timer;
	m->io.poll_events = POLLIN;
	err = snd_pcm_ioplug_create(&m->io, name, stream, mode);
	if (err < 0) {
		close(m->timer);
		free(m);
		return err;
	}
	err = constrain(m);
	if (err < 0) {
		snd_pcm_ioplug_delete(&m->io);
		return err;
	}
	*pcmp = m->io.pcm;
	return 0;
}

SND_PCM_PLUGIN_SYMBOL(fakemic);
