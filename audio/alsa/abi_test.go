//go:build !vapd_board

package alsa

import (
	"debug/elf"
	"encoding/binary"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layout names what must be the same in Go and in C: a structure, the fields that
// are used, and requests.
var layout = []struct {
	goType, cType string
	fields        [][2]string // Go, C
}{
	{"cardInfo", "struct snd_ctl_card_info", [][2]string{
		{"card", "card"},
		{"id", "id"},
		{"driver", "driver"},
		{"name", "name"},
		{"longname", "longname"},
		{"mixername", "mixername"},
		{"components", "components"},
	}},
	{"pcmInfo", "struct snd_pcm_info", [][2]string{
		{"device", "device"},
		{"subdevice", "subdevice"},
		{"stream", "stream"},
		{"card", "card"},
		{"id", "id"},
		{"name", "name"},
		{"subname", "subname"},
		{"subdevicesCount", "subdevices_count"},
		{"subdevicesAvail", "subdevices_avail"},
		{"sync", "sync"},
	}},
	{"interval", "struct snd_interval", [][2]string{{"min", "min"}, {"max", "max"}}},
	{"mask", "struct snd_mask", [][2]string{{"bits", "bits"}}},
	{"hwParams", "struct snd_pcm_hw_params", [][2]string{
		{"flags", "flags"},
		{"masks", "masks"},
		{"intervals", "intervals"},
		{"rmask", "rmask"},
		{"cmask", "cmask"},
		{"info", "info"},
		{"msbits", "msbits"},
		{"rateNum", "rate_num"},
		{"rateDen", "rate_den"},
		{"fifoSize", "fifo_size"},
	}},
	{"swParams", "struct snd_pcm_sw_params", [][2]string{
		{"tstampMode", "tstamp_mode"},
		{"periodStep", "period_step"},
		{"availMin", "avail_min"},
		{"startThreshold", "start_threshold"},
		{"stopThreshold", "stop_threshold"},
		{"silenceThreshold", "silence_threshold"},
		{"silenceSize", "silence_size"},
		{"boundary", "boundary"},
		{"proto", "proto"},
		{"tstampType", "tstamp_type"},
	}},
	{"elemID", "struct snd_ctl_elem_id", [][2]string{
		{"numid", "numid"}, {"iface", "iface"}, {"device", "device"}, {"subdevice", "subdevice"}, {"name", "name"}, {"index", "index"},
	}},
	{"elemList", "struct snd_ctl_elem_list", [][2]string{
		{"offset", "offset"}, {"space", "space"}, {"used", "used"}, {"count", "count"}, {"pids", "pids"},
	}},
	{"elemInfo", "struct snd_ctl_elem_info", [][2]string{
		{"id", "id"}, {"typ", "type"}, {"access", "access"}, {"count", "count"}, {"value", "value"},
	}},
	{"elemValue", "struct snd_ctl_elem_value", [][2]string{{"id", "id"}, {"value", "value"}}},
}

var requests = [][2]string{
	{"pcmInfoRequest", "SNDRV_PCM_IOCTL_INFO"},
	{"pcmHWRefineRequest", "SNDRV_PCM_IOCTL_HW_REFINE"},
	{"pcmHWParamsRequest", "SNDRV_PCM_IOCTL_HW_PARAMS"},
	{"pcmSWParamsRequest", "SNDRV_PCM_IOCTL_SW_PARAMS"},
	{"pcmPrepareRequest", "SNDRV_PCM_IOCTL_PREPARE"},
	{"pcmStartRequest", "SNDRV_PCM_IOCTL_START"},
	{"pcmDropRequest", "SNDRV_PCM_IOCTL_DROP"},
	{"pcmLinkRequest", "SNDRV_PCM_IOCTL_LINK"},
	{"pcmUnlinkRequest", "SNDRV_PCM_IOCTL_UNLINK"},
	{"ctlCardInfoRequest", "SNDRV_CTL_IOCTL_CARD_INFO"},
	{"ctlElemListRequest", "SNDRV_CTL_IOCTL_ELEM_LIST"},
	{"ctlElemInfoRequest", "SNDRV_CTL_IOCTL_ELEM_INFO"},
	{"ctlElemReadRequest", "SNDRV_CTL_IOCTL_ELEM_READ"},
	{"ctlElemWriteRequest", "SNDRV_CTL_IOCTL_ELEM_WRITE"},
	{"ctlPCMNextDeviceRequest", "SNDRV_CTL_IOCTL_PCM_NEXT_DEVICE"},
	{"ctlPCMInfoRequest", "SNDRV_CTL_IOCTL_PCM_INFO"},
	{"ctlPCMPreferRequest", "SNDRV_CTL_IOCTL_PCM_PREFER_SUBDEVICE"},
}

var update = flag.Bool("update", false, "write what C compilers make of the kernel's structures")

// layoutFile has what C compilers make of the kernel's header: a line for each value,
// a column for each architecture.
const layoutFile = "testdata/layout.txt"

// compilers lay structures out for an architecture.
var compilers = []struct {
	arch, program, pkg string
	flags              []string
}{
	{"amd64", "x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu", []string{"-m64"}},
	// The headers of the other size are not searched, but are the same.
	{"386", "x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu", []string{"-m32", "-isystem", "/usr/include/x86_64-linux-gnu"}},
	{"arm64", "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", nil},
	{"arm", "arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf", nil},
}

// TestLayoutIsTheKernels lays the structures out for each architecture by the rules of
// Go's compiler, and compares with what C compilers made of the kernel's header.
func TestLayoutIsTheKernels(t *testing.T) {
	kernels := readLayout(t)
	for _, c := range compilers {
		names, ours := goLayout(t, c.arch)
		for i, name := range names {
			if theirs, ok := kernels[c.arch+" "+name]; !ok || ours[i] != theirs {
				t.Errorf("%s: %s is %#x in Go, %#x in C", c.arch, name, ours[i], theirs)
			}
		}
		if len(names)*len(compilers) != len(kernels) {
			t.Errorf("%d values in Go, %d in %s", len(names), len(kernels)/len(compilers), layoutFile)
		}
	}
}

// TestLayoutFile asks those of the compilers that are installed again.
func TestLayoutFile(t *testing.T) {
	names, _ := goLayout(t, "amd64")
	var columns [][]uint32
	for _, c := range compilers {
		if _, err := exec.LookPath(c.program); err != nil {
			if *update {
				t.Fatalf("%s is missing: apt-get install %s", c.program, c.pkg)
			}
			t.Logf("%s: %s is not installed, so %s stands for it", c.arch, c.program, layoutFile)
			continue
		}
		column := cLayout(t, c.program, c.flags)
		columns = append(columns, column)
		if *update {
			continue
		}
		kernels := readLayout(t)
		for i, name := range names {
			if want := kernels[c.arch+" "+name]; column[i] != want {
				t.Errorf("%s: %s is %#x by %s, %#x in %s", c.arch, name, column[i], c.program, want, layoutFile)
			}
		}
	}
	if *update {
		writeLayout(t, names, columns)
	}
}

// readLayout is the file by "ARCHITECTURE NAME".
func readLayout(t *testing.T) map[string]uint32 {
	b, err := os.ReadFile(layoutFile)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]uint32{}
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		if line[0] == '#' || len(fields) != 1+len(compilers) {
			continue
		}
		for i, c := range compilers {
			v, err := strconv.ParseUint(fields[1+i], 0, 32)
			if err != nil {
				t.Fatal(err)
			}
			values[c.arch+" "+fields[0]] = uint32(v)
		}
	}
	return values
}

func writeLayout(t *testing.T, names []string, columns [][]uint32) {
	var s strings.Builder
	s.WriteString("# Sizes, offsets and requests of the kernel's sound/asound.h by C compilers: go test -update\n#")
	for _, c := range compilers {
		s.WriteString(" " + c.arch)
	}
	s.WriteByte('\n')
	for i, name := range names {
		s.WriteString(name)
		for _, column := range columns {
			fmt.Fprintf(&s, " %#x", column[i])
		}
		s.WriteByte('\n')
	}
	if err := os.WriteFile(layoutFile, []byte(s.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// goLayout type-checks the files that hold the structures for arch.
func goLayout(t *testing.T, arch string) (names []string, values []uint32) {
	files := []string{"abi.go", "abi_other.go"}
	if arch == "386" {
		files[1] = "abi_386.go"
	}
	set := token.NewFileSet()
	var parsed []*ast.File
	for _, file := range files {
		f, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	sizes := types.SizesFor("gc", arch)
	pkg, err := (&types.Config{Sizes: sizes, Importer: onlyUnsafe{}}).Check("alsa", set, parsed, nil)
	if err != nil {
		t.Fatal(err)
	}
	add := func(name string, value int64) {
		names, values = append(names, name), append(values, uint32(value))
	}
	for _, l := range layout {
		typ := pkg.Scope().Lookup(l.goType).Type()
		add(l.goType, sizes.Sizeof(typ))
		offsets := offsetsOf(sizes, typ.Underlying().(*types.Struct))
		for _, f := range l.fields {
			offset, ok := offsets[f[0]]
			if !ok {
				t.Fatalf("%s has no field %s", l.goType, f[0])
			}
			add(l.goType+"."+f[0], offset)
		}
	}
	for _, r := range requests {
		value := pkg.Scope().Lookup(r[0]).(*types.Const).Val()
		var v int64
		if _, err := fmt.Sscan(value.ExactString(), &v); err != nil {
			t.Fatal(err)
		}
		add(r[0], v)
	}
	return names, values
}

// onlyUnsafe imports the one package that the structures need.
type onlyUnsafe struct{}

func (onlyUnsafe) Import(path string) (*types.Package, error) {
	if path != "unsafe" {
		return nil, fmt.Errorf("abi.go imports %s: then it can't be laid out for another architecture", path)
	}
	return types.Unsafe, nil
}

func offsetsOf(sizes types.Sizes, s *types.Struct) map[string]int64 {
	var fields []*types.Var
	for i := range s.NumFields() {
		fields = append(fields, s.Field(i))
	}
	offsets := map[string]int64{}
	for i, offset := range sizes.Offsetsof(fields) {
		offsets[fields[i].Name()] = offset
	}
	return offsets
}

// cLayout compiles a table of the same values and reads it from the object file, so
// that no program of another architecture has to run.
func cLayout(t *testing.T, compiler string, flags []string) []uint32 {
	dir := t.TempDir()
	var c strings.Builder
	c.WriteString("#include <stddef.h>\n#include <linux/ioctl.h>\n#include <sound/asound.h>\nconst unsigned int table[] = {\n")
	for _, l := range layout {
		fmt.Fprintf(&c, "sizeof(%s),\n", l.cType)
		for _, f := range l.fields {
			fmt.Fprintf(&c, "offsetof(%s, %s),\n", l.cType, f[1])
		}
	}
	for _, r := range requests {
		fmt.Fprintf(&c, "%s,\n", r[1])
	}
	c.WriteString("};\n")
	source, object := filepath.Join(dir, "layout.c"), filepath.Join(dir, "layout.o")
	if err := os.WriteFile(source, []byte(c.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	// The header of libc that tells 32 from 64 bits wants the list of what libc lacks,
	// which is installed for the machine's own size only. An empty one does here.
	if err := os.Mkdir(filepath.Join(dir, "gnu"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "gnu", "stubs-32.h"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	args := append(append([]string{}, flags...), "-I", dir, "-c", "-o", object, source)
	if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", compiler, err, out)
	}
	return readTable(t, object)
}

func readTable(t *testing.T, object string) []uint32 {
	f, err := elf.Open(object)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Name != "table" {
			continue
		}
		data, err := f.Sections[s.Section].Data()
		if err != nil {
			t.Fatal(err)
		}
		values := make([]uint32, s.Size/4)
		for i := range values {
			values[i] = binary.LittleEndian.Uint32(data[s.Value+uint64(4*i):])
		}
		return values
	}
	t.Fatal("the object has no table")
	return nil
}
