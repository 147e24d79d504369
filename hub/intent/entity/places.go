package entity

import "strings"

// countries are the English names of countries and territories, as people say them.
func countries() map[string]string {
	return named(`afghanistan, albania, algeria, american samoa, andorra, angola, anguilla, antarctica, antigua and barbuda, argentina, armenia, aruba,
		australia, austria, azerbaijan, bahamas, bahrain, bangladesh, barbados, belarus, belgium, belize, benin, bermuda, bhutan, bolivia,
		bosnia and herzegovina, botswana, bouvet island, brazil, british virgin islands, brunei, bulgaria, burkina faso, burma, burundi, cambodia, cameroon, canada,
		cape verde, cayman islands, central african republic, chad, chile, china, christmas island, cocos islands, colombia, comoros, congo, cook islands, costa rica,
		croatia, cuba, curacao, cyprus, czech republic, czechia, democratic republic of the congo, denmark, djibouti, dominica, dominican republic, east timor, ecuador,
		egypt, el salvador, england, equatorial guinea, eritrea, estonia, eswatini, ethiopia, falkland islands, faroe islands, fiji, finland, france, french guiana,
		french polynesia, gabon, gambia, georgia, germany, ghana, gibraltar, great britain, greece, greenland, grenada, guadeloupe, guam, guatemala, guernsey, guinea,
		guinea bissau, guyana, haiti, holland, honduras, hong kong, hungary, iceland, india, indonesia, iran, iraq, ireland, isle of man, israel, italy, ivory coast,
		jamaica, japan, jersey, jordan, kazakhstan, kenya, kiribati, kosovo, kuwait, kyrgyzstan, laos, latvia, lebanon, lesotho, liberia, libya, liechtenstein,
		lithuania, luxembourg, macau, macao, macedonia, madagascar, malawi, malaysia, maldives, mali, malta, marshall islands, martinique, mauritania, mauritius, mayotte,
		mexico, micronesia, moldova, monaco, mongolia, montenegro, montserrat, morocco, mozambique, myanmar, namibia, nauru, nepal, netherlands, new caledonia,
		new zealand, nicaragua, niger, nigeria, niue, norfolk island, north korea, north macedonia, northern ireland, northern mariana islands, norway, oman, pakistan,
		palau, palestine, panama, papua new guinea, paraguay, peru, philippines, pitcairn islands, poland, portugal, puerto rico, qatar, reunion, romania, russia,
		rwanda, saint barthelemy, saint helena, saint kitts and nevis, saint lucia, saint martin, saint pierre and miquelon, saint vincent and the grenadines, samoa,
		san marino, sao tome and principe, saudi arabia, scotland, senegal, serbia, seychelles, sierra leone, singapore, sint maarten, slovakia, slovenia,
		solomon islands, somalia, south africa, south georgia, south korea, south sudan, spain, sri lanka, sudan, suriname, svalbard and jan mayen, swaziland, sweden,
		switzerland, syria, taiwan, tajikistan, tanzania, thailand, togo, tokelau, tonga, trinidad and tobago, tunisia, turkey, turkmenistan, turks and caicos islands,
		tuvalu, uganda, ukraine, united arab emirates, united kingdom, united states, united states of america, uruguay, us virgin islands, uzbekistan, vanuatu,
		vatican city, venezuela, vietnam, wales, wallis and futuna, western sahara, yemen, zambia, zimbabwe`)
}

// states are those of the United States, with the letters of the post. Letters that are
// words ("in", "me") are no states.
func states() map[string]string {
	out := make(map[string]string)
	for name, state := range named(`al alabama, ak alaska, az arizona, ar arkansas, ca california, co colorado, ct connecticut, dc district of columbia, de delaware,
		fl florida, ga georgia, hi- hawaii, ia iowa, id idaho, il illinois, in- indiana, ks kansas, ky kentucky, la louisiana, ma massachusetts, md maryland, me- maine,
		mi michigan, mn minnesota, mo missouri, ms mississippi, mt montana, nc north carolina, nd north dakota, ne nebraska, nh new hampshire, nj new jersey,
		nm new mexico, nv nevada, ny new york, oh- ohio, ok- oklahoma, or- oregon, pa pennsylvania, ri rhode island, sc south carolina, sd south dakota, tn tennessee,
		tx texas, ut utah, va virginia, vt vermont, wa washington, wi wisconsin, wv west virginia, wy wyoming`) {
		letters, full, _ := strings.Cut(name, " ")
		_, state, _ = strings.Cut(state, " ")
		out[full] = state
		if !strings.HasSuffix(letters, "-") {
			out[letters] = state
		}
	}
	return out
}

// named are names that are their own value.
func named(list string) map[string]string {
	out := make(map[string]string)
	for n := range strings.SplitSeq(list, ",") {
		n = strings.Join(strings.Fields(n), " ")
		out[n] = n
	}
	return out
}
