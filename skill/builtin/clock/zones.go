package clock

// zones are the time zones (IANA) of the cities of the manifest.
func zones() map[string]string {
	return map[string]string{
		"Amsterdam": "Europe/Amsterdam", "Athens": "Europe/Athens", "Auckland": "Pacific/Auckland", "Bangkok": "Asia/Bangkok",
		"Beijing": "Asia/Shanghai", "Berlin": "Europe/Berlin", "Boston": "America/New_York", "Brussels": "Europe/Brussels",
		"Cairo": "Africa/Cairo", "Cape Town": "Africa/Johannesburg", "Chicago": "America/Chicago", "Copenhagen": "Europe/Copenhagen",
		"Delhi": "Asia/Kolkata", "Denver": "America/Denver", "Dubai": "Asia/Dubai", "Dublin": "Europe/Dublin",
		"Helsinki": "Europe/Helsinki", "Hong Kong": "Asia/Hong_Kong", "Honolulu": "Pacific/Honolulu", "Istanbul": "Europe/Istanbul",
		"Jerusalem": "Asia/Jerusalem", "Kyiv": "Europe/Kyiv", "Lagos": "Africa/Lagos", "Lisbon": "Europe/Lisbon",
		"London": "Europe/London", "Los Angeles": "America/Los_Angeles", "Madrid": "Europe/Madrid", "Melbourne": "Australia/Melbourne",
		"Mexico City": "America/Mexico_City", "Moscow": "Europe/Moscow", "Mumbai": "Asia/Kolkata", "Nairobi": "Africa/Nairobi",
		"New York": "America/New_York", "Oslo": "Europe/Oslo", "Paris": "Europe/Paris", "Prague": "Europe/Prague",
		"Rio de Janeiro": "America/Sao_Paulo", "Rome": "Europe/Rome", "San Francisco": "America/Los_Angeles", "Sao Paulo": "America/Sao_Paulo",
		"Seattle": "America/Los_Angeles", "Seoul": "Asia/Seoul", "Shanghai": "Asia/Shanghai", "Singapore": "Asia/Singapore",
		"Stockholm": "Europe/Stockholm", "Sydney": "Australia/Sydney", "Tokyo": "Asia/Tokyo", "Toronto": "America/Toronto",
		"Vancouver": "America/Vancouver", "Vienna": "Europe/Vienna", "Warsaw": "Europe/Warsaw", "Washington": "America/New_York",
		"Zurich": "Europe/Zurich",
	}
}
