package conformance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// page is the table of results.
const page = "../../../docs/conformance.md"

// faults are what rows show of peers, not of us: the cell can't pass, whatever we do.
func faults() map[string]string {
	const (
		libcoapObserve = "libcoap 4.3.1's server repeats an old notification when the state has changed"
		aiocoapWhole   = "aiocoap's server sends a notification in one datagram, however large"
	)
	return map[string]string{
		"OBS_05 vapd to libcoap":            libcoapObserve,
		"OBS_05 vapd to libcoap, 10 % loss": libcoapObserve,
		"OBS_05 vapd to aiocoap":            "aiocoap's server repeats an old notification when the state has changed",
		"LINK_03 vapd to aiocoap":           "aiocoap's server takes links without rt for ones that match rt=*",
		"OBS_13 vapd to aiocoap":            aiocoapWhole,
		"OBS_14 vapd to aiocoap":            aiocoapWhole,
	}
}

// excuse turns a failure that is the peer's into n/a.
func excuse(o outcome) outcome {
	if why := faults()[o.row+" "+o.pair]; why != "" && len(o.problems) > 0 {
		o.problems, o.na = nil, why
	}
	return o
}

// results are outcomes by row and pair.
type results map[[2]string]outcome

// passed reports whether a row passes with every pair that has what it needs, and with
// one at least.
func (rs results) passed(r row, ps []pair) bool {
	passes := 0
	for _, p := range ps {
		switch rs[[2]string{r.name, p.name}].String() {
		case "fail":
			return false
		case "pass":
			passes++
		}
	}
	return passes > 0
}

// count is how many rows pass.
func (rs results) count(ps []pair) (pass, total int) {
	for _, r := range rows() {
		total++
		if rs.passed(r, ps) {
			pass++
		}
	}
	return pass, total
}

// committed reads the cells of the page: "pass", "fail" or "n/a" by row and pair.
func committed(text []byte, ps []pair) map[[2]string]string {
	cells := make(map[[2]string]string)
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(strings.Trim(line, "| \n"), "|")
		if len(columns) != len(ps)+2 {
			continue
		}
		for i, p := range ps {
			word, _, _ := strings.Cut(strings.TrimSpace(columns[i+2]), " ")
			cells[[2]string{strings.TrimSpace(columns[0]), p.name}] = word
		}
	}
	return cells
}

var pageTemplate = template.Must(template.New("page").Parse(`# Conformance of the CoAP endpoint

Written by ` + "`go test ./protocol/coap/conformance -update`" + `; a run of the test fails where this page says pass and
the run does not.

**{{.Pass}} of {{.Total}} rows pass**; {{.Cells}} of {{.All}} cells pass, {{.NA}} can't be tried.

## Method

The rows are those of the ETSI CoAP plugtests (CoAP#4), as the repository cabo/td-coap4 describes them: CORE
(RFC 7252), BLOCK (RFC 7959), OBS (RFC 7641), LINK (RFC 6690), DTLS (RFC 6347 with a pre-shared key). Each is an
automated test. Between client and server is a proxy that shows every datagram to the test: a row passes when its
check list held on the wire (codes, message types, message ids, tokens, options, blocks, cipher suites), when the
client displays what was sent, and when the server has what it was told.

- **vapd** is package ` + "`protocol/coap`" + `, as client and as server, over UDP and over ` + "`protocol/dtls`" + `.
- **libcoap** is Debian's {{.Libcoap}}: as client ` + "`coap-client-openssl`" + ` (` + "`coap-client-gnutls`" + ` over DTLS, told to have
  one cipher suite), and a small program on the library for what coap-client can't do (CORE_12, OBS_04, OBS_10); as server a
  small program on the library with the plugtest's resources.
- **aiocoap** is {{.Aiocoap}}, in Python.
- **10 % loss**: the proxy loses every tenth datagram in both directions, at random from a seed. A cell gets three
  attempts, each with another seed, since some losses are for good: of a NON message by protocol, and of an
  acknowledgement to libcoap's client, which does not acknowledge a notification that is repeated.
- The rows that are about loss (CORE_15, CORE_16, OBS_11, DTLS_03) lose each of the messages they name, once, in all
  columns.
- Resources that change periodically do so each second, not every five.
- The key of the DTLS rows is longer than the list's "sesame", which our client refuses as too short.

## Results

| row | objective |{{range .Pairs}} {{.Name}} |{{end}}
|---|---|{{range .Pairs}}---|{{end}}
{{range .Rows}}| {{.Name}} | {{.Objective}} |{{range .Cells}} {{.}} |{{end}}
{{end}}
Notes:
{{range $i, $note := .Notes}}
{{$note}}{{end}}
`))

type (
	pageData struct {
		Pass, Total, Cells, All, NA int
		Libcoap, Aiocoap            string
		Pairs                       []struct{ Name string }
		Rows                        []pageRow
		Notes                       []string
	}
	pageRow struct {
		Name, Objective string
		Cells           []string
	}
)

// render makes the page.
func render(rs results, ps []pair) []byte {
	d := pageData{Libcoap: libcoapVersion(), Aiocoap: strings.Replace(Requirement, "==", " ", 1)}
	d.Pass, d.Total = rs.count(ps)
	for _, p := range ps {
		d.Pairs = append(d.Pairs, struct{ Name string }{p.name})
	}
	var notes []string
	for _, r := range rows() {
		line := pageRow{Name: r.name, Objective: r.objective}
		for _, p := range ps {
			o := rs[[2]string{r.name, p.name}]
			text := o.String()
			d.All++
			switch text {
			case "pass":
				d.Cells++
			case "n/a":
				d.NA++
				i := slices.Index(notes, o.na)
				if i < 0 {
					i = len(notes)
					notes = append(notes, o.na)
				}
				text = fmt.Sprintf("n/a (%d)", i+1)
			}
			line.Cells = append(line.Cells, text)
		}
		d.Rows = append(d.Rows, line)
	}
	for i, n := range notes {
		d.Notes = append(d.Notes, fmt.Sprintf("%d. %s.", i+1, n))
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, d); err != nil {
		panic(err) // a mistake of the template
	}
	return b.Bytes()
}

// libcoapVersion is what the client says of itself.
func libcoapVersion() string {
	out, _ := exec.Command(coapClient, "-?").CombinedOutput() // a usage message, with status 1
	m := regexp.MustCompile(` v([0-9.]+) -- `).FindSubmatch(out)
	if m == nil {
		return "libcoap of an unknown version"
	}
	return "libcoap " + string(m[1])
}

// write writes the page.
func write(rs results, ps []pair) error {
	return os.WriteFile(page, render(rs, ps), 0o644)
}
