"""Who is taken for what, by the user agents as these programs send them."""

import pytest

from circletime.oversight.rules.networks import NETWORKS, How, Sort, recognise

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = (
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)

FETCHERS = {
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)": "facebook",
    "Facebot/1.0": "facebook",
    "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)": "facebook",
    "meta-externalfetcher/1.1": "facebook",
    "Twitterbot/1.0": "x",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)": "linkedin",
    "Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)": "pinterest",
    "Mozilla/5.0 (compatible; Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots)": (
        "snapchat"
    ),
    f"{CHROME}; Bytespider; spider-feedback@bytedance.com": "tiktok",
    "Mozilla/5.0 (compatible; TikTokSpider; ttspider-feedback@tiktok.com)": "tiktok",
    "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)": "reddit",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)": "discord",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": "slack",
    "TelegramBot (like TwitterBot)": "telegram",
    "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)": "bluesky",
    "http.rb/5.1.1 (Mastodon/4.2.10; +https://mastodon.social/)": "mastodon",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "google",
    # Chat programs, told apart from those whose names they carry.
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
    "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0": "messages",
    "WhatsApp/2.23.20.0 A": "whatsapp",
    "WhatsApp/2": "whatsapp",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com": (
        "teams"
    ),
    "RemindPreview/1.0 facebookexternalhit/1.0": "remind",
    "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984": "kakaotalk",
}
CHATS = {"messages", "whatsapp", "teams", "remind", "kakaotalk"}


@pytest.mark.parametrize("agent", FETCHERS)
def test_a_program_is_known_by_its_name(agent: str) -> None:
    seen = recognise(agent=agent, referer="", query="")
    assert seen is not None
    assert (seen.network.key, seen.how) == (FETCHERS[agent], How.FETCHED)
    assert (seen.network.sort == Sort.CHAT) == (seen.network.key in CHATS)


@pytest.mark.parametrize(
    ("headers", "network"),
    [
        ({"referer": "https://l.facebook.com/"}, "facebook"),
        ({"referer": "https://m.facebook.com/groups/parents"}, "facebook"),
        ({"referer": "https://T.CO/abc"}, "x"),
        ({"referer": "https://www.instagram.com/"}, "instagram"),
        ({"referer": "android-app://com.linkedin.android/"}, "linkedin"),
        ({"referer": "https://www.reddit.com/r/somewhere"}, "reddit"),
        ({"query": "fbclid=IwAR0x"}, "facebook"),
        ({"query": "a=1&igshid="}, "instagram"),
        ({"agent": f"{SAFARI} Mobile/22B83 [FBAN/FBIOS;FBAV/487.0.0]"}, "facebook"),
        ({"agent": f"{SAFARI} Mobile/22B83 Instagram 354.0.0.24.90 (iPhone15,3)"}, "instagram"),
        ({"agent": f"{SAFARI} Mobile/22B83 Snapchat/13.12.0.42"}, "snapchat"),
        ({"agent": f"{SAFARI} musical_ly_36.5.0 BytedanceWebview/d8a21c6"}, "tiktok"),
    ],
)
def test_a_person_who_comes_from_a_network_is_known(headers: dict[str, str], network: str) -> None:
    seen = recognise(**({"agent": SAFARI, "referer": "", "query": ""} | headers))
    assert seen is not None and (seen.network.key, seen.how) == (network, How.FOLLOWED)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"agent": CHROME},
        {"agent": ""},
        {"agent": "curl/8.10"},
        {"referer": "https://mail.google.com/"},
        {"referer": "https://www.google.com/"},
        {"referer": "https://larkfield.example/news"},
        # Names that only look like it.
        {"referer": "https://notfacebook.com/"},
        {"referer": "https://facebook.com.home.example/"},
        {"referer": "https://xt.co/"},
        {"referer": "https://[broken"},
        {"query": "myfbclid=1"},
        # A family that comes out of a chat is a family.
        {"referer": "https://www.messenger.com/"},
        {"agent": f"{SAFARI} Mobile/22B83 [FBAN/MessengerForiOS;FBAV/487.0.0]"},
        {"referer": "android-app://com.whatsapp/"},
    ],
)
def test_everybody_else_is_let_be(headers: dict[str, str]) -> None:
    assert recognise(**({"agent": SAFARI, "referer": "", "query": ""} | headers)) is None


def test_a_header_of_a_megabyte_costs_nothing() -> None:
    huge = "x" * 1_000_000
    assert recognise(agent=huge + "facebookexternalhit", referer=huge, query="a=" + huge) is None


def test_every_network_says_where_its_signs_are_written_down_and_has_one() -> None:
    assert len({each.key for each in NETWORKS}) == len(NETWORKS)
    for each in NETWORKS:
        assert each.source and len(each.key) <= 20
        signs = (*each.crawlers, *each.apps, *each.sites, *each.marks)
        assert signs and all(sign == sign.lower() for sign in signs), each.key
