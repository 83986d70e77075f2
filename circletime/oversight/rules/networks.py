"""Which program asks for a page: a social network's, a chat program's, a search engine's, or a browser (T11).

A program says itself what it is, so this finds out who follows a link that somebody published; it keeps out
nobody who lies. Each entry names where its signs are written down.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit


class Sort(StrEnum):
    """What a link there means."""

    SOCIAL = "social"
    CHAT = "chat"
    SEARCH = "search"


class How(StrEnum):
    """How a link turned out to be there."""

    FETCHED = "fetched"
    FOLLOWED = "followed"


@dataclass(frozen=True)
class Network:
    """One network and what gives it away, all in lower case.

    `crawlers` and `apps` are parts of a User-Agent (where several are joined by a space and a plus sign, all
    have to be there): of the program that makes a preview, and of the network's own browser that a person
    looks through. `sites` are where a person comes from, `marks` what the network adds to an address.
    """

    key: str
    words: str
    sort: Sort
    source: str
    crawlers: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What was recognised."""

    network: Network
    how: How


NETWORKS = (
    Network(
        "messages",
        "Apple Messages",
        Sort.CHAT,
        # It calls itself by three names of others, in the user agent of a desktop Safari.
        "https://peter.upfold.org.uk/blog/2019/02/23/when-is-imessage-not-imessage-when-its-facebookexternalhit-1-1/",
        crawlers=("safari + facebookexternalhit + facebot + twitterbot",),
    ),
    Network(
        "kakaotalk",
        "KakaoTalk",
        Sort.CHAT,
        "https://devtalk.kakao.com/t/scrap/33984",
        crawlers=("kakaotalk-scrap",),
    ),
    Network(
        "remind",
        "a school's messages (Remind)",
        Sort.CHAT,
        "https://pastebin.com/MHLPZCNY (user agents that name Facebook, as they came)",
        crawlers=("remindpreview",),
    ),
    Network(
        "messenger",
        "Messenger",
        Sort.CHAT,
        "https://kb.linkfire.com/hc/en-us/articles/115002617674 (where a visit comes from)",
        apps=("messengerforios", "orca-android", "fb_iab/messenger"),
        sites=("messenger.com",),
    ),
    Network(
        "whatsapp",
        "WhatsApp or Signal",
        Sort.CHAT,
        # Signal calls itself WhatsApp: ts/linkPreviews/linkPreviewFetch.ts in signalapp/Signal-Desktop.
        "https://webmasterid.com/user-agents/whatsapp-preview-user-agent; https://github.com/signalapp/Signal-Desktop",
        crawlers=("whatsapp/",),
    ),
    Network(
        "teams",
        "Microsoft Teams",
        Sort.CHAT,
        "https://opengraphplus.com/consumers/teams/crawling",
        crawlers=("skypeuripreview", "microsoftpreview"),
    ),
    Network(
        "viber",
        "Viber",
        Sort.CHAT,
        "https://github.com/monperrus/crawler-user-agents",
        crawlers=("viber",),
    ),
    Network(
        "instagram",
        "Instagram",
        Sort.SOCIAL,
        "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers/",
        apps=("instagram ",),
        sites=("instagram.com", "com.instagram.android"),
        marks=("igshid", "igsh"),
    ),
    Network(
        "threads",
        "Threads",
        Sort.SOCIAL,
        "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers/",
        apps=("barcelona ",),
        sites=("threads.net", "threads.com"),
    ),
    Network(
        "facebook",
        "Facebook, Instagram, Threads or Messenger",
        Sort.SOCIAL,
        "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers/",
        crawlers=(
            "facebookexternalhit",
            "facebot",
            "facebookbot",
            "facebookcatalog",
            "meta-externalagent",
            "meta-externalfetcher",
            "meta-webindexer",
        ),
        apps=("fban/", "fbav/", "fb_iab/"),
        sites=("facebook.com", "fb.com", "fb.me", "com.facebook.katana", "com.facebook.lite"),
        marks=("fbclid",),
    ),
    Network(
        "telegram",
        "Telegram",
        Sort.SOCIAL,
        "https://github.com/monperrus/crawler-user-agents (TelegramBot)",
        crawlers=("telegrambot",),
        sites=("t.me", "telegram.org", "org.telegram.messenger"),
    ),
    Network(
        "x",
        "X (Twitter)",
        Sort.SOCIAL,
        "https://developer.x.com/en/docs/x-for-websites/cards/guides/getting-started#crawling",
        crawlers=("twitterbot",),
        apps=("twitter for ", "twitterandroid"),
        sites=("t.co", "twitter.com", "x.com", "com.twitter.android"),
        marks=("twclid",),
    ),
    Network(
        "linkedin",
        "LinkedIn",
        Sort.SOCIAL,
        "http://www.linkedin.com (in its user agent); https://github.com/monperrus/crawler-user-agents",
        crawlers=("linkedinbot",),
        apps=("linkedinapp",),
        sites=("linkedin.com", "lnkd.in", "com.linkedin.android"),
        marks=("li_fat_id",),
    ),
    Network(
        "pinterest",
        "Pinterest",
        Sort.SOCIAL,
        "http://www.pinterest.com/bot.html",
        crawlers=("pinterestbot", "pinterest/0."),
        apps=("[pinterest/",),
        sites=("pinterest.com", "pinterest.co.uk", "pin.it", "com.pinterest"),
        marks=("epik",),
    ),
    Network(
        "snapchat",
        "Snapchat",
        Sort.SOCIAL,
        "https://developers.snap.com/robots",
        crawlers=("snap url preview",),
        apps=("snapchat/",),
        sites=("snapchat.com", "com.snapchat.android"),
        marks=("sccid",),
    ),
    Network(
        "tiktok",
        "TikTok",
        Sort.SOCIAL,
        "https://github.com/monperrus/crawler-user-agents (Bytespider, TikTokSpider)",
        crawlers=("tiktokspider", "bytespider"),
        apps=("musical_ly", "bytedancewebview"),
        sites=("tiktok.com", "com.zhiliaoapp.musically", "com.ss.android.ugc.trill"),
        marks=("ttclid",),
    ),
    Network(
        "reddit",
        "Reddit",
        Sort.SOCIAL,
        "http://www.reddit.com/feedback (in its user agent)",
        crawlers=("redditbot",),
        sites=("reddit.com", "redd.it", "com.reddit.frontpage"),
        marks=("rdt_cid",),
    ),
    Network(
        "discord",
        "Discord",
        Sort.SOCIAL,
        "https://discordapp.com (in its user agent)",
        crawlers=("discordbot",),
        sites=("discord.com", "discordapp.com", "com.discord"),
    ),
    Network(
        "slack",
        "Slack",
        Sort.SOCIAL,
        "https://api.slack.com/robots",
        crawlers=("slackbot", "slack-imgproxy"),
        sites=("slack.com",),
    ),
    Network(
        "youtube",
        "YouTube",
        Sort.SOCIAL,
        "https://webmasterid.com/referrers",
        sites=("youtube.com", "com.google.android.youtube"),
    ),
    Network(
        "bluesky",
        "Bluesky",
        Sort.SOCIAL,
        "mailto:support@bsky.app (in its user agent)",
        crawlers=("cardyb",),
        sites=("bsky.app", "go.bsky.app"),
    ),
    Network(
        "mastodon",
        "Mastodon",
        Sort.SOCIAL,
        "https://github.com/monperrus/crawler-user-agents (Mastodon)",
        crawlers=("mastodon/",),
        sites=("mastodon.social",),
    ),
    Network(
        "vk",
        "VK",
        Sort.SOCIAL,
        "https://github.com/monperrus/crawler-user-agents (vkShare)",
        crawlers=("vkshare", "vkrobot"),
        sites=("vk.com", "away.vk.com"),
    ),
    Network(
        "google",
        "Google",
        Sort.SEARCH,
        "https://developers.google.com/search/docs/crawling-indexing/overview-google-crawlers",
        crawlers=("googlebot", "googleother", "storebot-google"),
    ),
    Network(
        "bing",
        "Bing",
        Sort.SEARCH,
        "https://www.bing.com/webmasters/help/which-crawlers-does-bing-use-8c184ec0",
        crawlers=("bingbot", "adidxbot"),
    ),
    Network(
        "search",
        "another search engine",
        Sort.SEARCH,
        "https://github.com/monperrus/crawler-user-agents",
        crawlers=(
            "duckduckbot",
            "yandexbot",
            "baiduspider",
            "applebot",
            "petalbot",
            "gptbot",
            "oai-searchbot",
            "claudebot",
            "perplexitybot",
            "ccbot",
            "archive.org_bot",
        ),
    ),
)
"""In the order they are looked at: who calls itself by another's name comes before that other."""

BY_KEY = {network.key: network for network in NETWORKS}
LONGEST = 600
"""Of a header, so many characters are looked at."""


def recognise(*, agent: str, referer: str, query: str) -> Seen | None:
    """Who asks for a page, where it is no plain visit; from its headers and what follows `?` in the address.

    A person who comes out of a chat program is a plain visit: families send one another links.
    """
    agent = agent[:LONGEST].lower()
    found = _first(lambda each: any(_has(agent, sign) for sign in each.crawlers))
    if found is not None:
        return Seen(found, How.FETCHED)
    host, marks = _host(referer), {name.lower() for name in parse_qs(query[:LONGEST], keep_blank_values=True)}
    found = _first(
        lambda each: (
            any(_has(agent, sign) for sign in each.apps)
            or any(host == site or host.endswith(f".{site}") for site in each.sites)
            or bool(marks & set(each.marks))
        )
    )
    if found is None or found.sort == Sort.CHAT:
        return None
    return Seen(found, How.FOLLOWED)


def _first(matches: Callable[[Network], bool]) -> Network | None:
    return next((each for each in NETWORKS if matches(each)), None)


def _has(agent: str, sign: str) -> bool:
    return all(part in agent for part in sign.split(" + "))


def _host(referer: str) -> str:
    """Where somebody comes from. An app of Android's is named by its package: android-app://com.example."""
    try:
        return (urlsplit(referer[:LONGEST].strip()).hostname or "").lower()
    except ValueError:
        return ""
