"""A labelled set, written by hand: texts in which «category|…» marks what is sensitive, and texts without anything.

No value here was ever valid anywhere: tokens are made up to the issuers' formats, cards are the issuers' published
test numbers, IBANs the examples of the registry, the seed the test vector of BIP-39. Tokens are put together from two
halves so that no scanner takes this file for a leak.
"""

from __future__ import annotations

A = "AKIA" + "IOSFODNN7EXAMPLQ"
GH = "ghp_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA4"
GHF = "github_pat_" + "11ABCDEFG0aBcDeFgHiJkL_" + "a1B2" * 14 + "c3d"
GL = "glpat-" + "x7Yz_3kLmN9pQ2rStU4v"
SL = "xoxb-" + "123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
HOOK = "https://hooks.slack.com/" + "services/T0AAAAAAA/B0AAAAAAA/aBcDeFgHiJkLmNoPqRsTuVwX"
ST = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
GO = "AIza" + "SyD3x9Kq7Lm2Np4Rs6Tu8Vw1Yz5Ab0Cd-Ef"
OA = "sk-" + "proj-9aBcD3eFgH5iJkL7mNoP1qRsT2uVwX4yZ"
HF = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"
NPM = "npm_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
SG = "SG." + "aBcDeFgHiJkLmNoPqRsTuV." + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgHiJkLmNoPq"
TG = "123456789:" + "AAaBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFg"
DO = "dop_v1_" + "0123456789abcdef" * 4
AGE = "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE"
JWT = (
    "eyJ"
    + "hbGciOiJIUzI1NiJ9.eyJ"
    + "zdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
PEM = (
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n"
    "-----END OPENSSH PRIVATE KEY-----"
)
AWS = "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYEXAMPLEKEYa"
SEED = "legal winner thank year wave sausage worth useful legal winner thank yellow"

SENSITIVE = [
    f"export AWS_ACCESS_KEY_ID=«secret|{A}»",
    f"aws_secret_access_key = «secret|{AWS}»",
    f"The deploy token is «secret|{GH}», keep it.",
    f"git remote set-url origin https://x-access-token:«secret|{GHF}»@github.com/a/b",
    f"GITLAB: «secret|{GL}» expires in May",
    f"bot: «secret|{SL}»",
    f"curl -X POST «secret|{HOOK}»",
    f"Stripe live key «secret|{ST}»",
    f"maps key «secret|{GO}»",
    f"OPENAI_API_KEY=«secret|{OA}»",
    f"huggingface-cli login --token «secret|{HF}»",
    f"//registry.npmjs.org/:_authToken=«secret|{NPM}»",
    f"SendGrid «secret|{SG}»",
    f"telegram bot «secret|{TG}»",
    f"doctl auth init -t «secret|{DO}»",
    f"age: «secret|{AGE}»",
    f"Cookie was «secret|{JWT}».",
    f"«secret|{PEM}»",
    "postgres://ada:«secret|Kx7!qpLm»@db.example.org:5432/home",
    "Wifi password: «secret|blue-Horse-42»",
    "The password for the router is «secret|Tr0ub4dor&3», written under the box.",
    "passord: «secret|Fjell2024!»",
    "Passwort für Netflix: «secret|sommerregen77»",
    "mot de passe: «secret|Citron#2021»",
    "contraseña: «secret|gato.Negro8»",
    "My new passphrase is «secret|correct-horse-battery-staple»",
    "Laptop password is now «secret|Winter19!Sofa».",
    "wifi home: sasiad / pass «secret|11czeresni»",
    "Netflix pw «secret|sommer77regen», shared with Bo.",
    "pw: «secret|kitten12»",
    "router admin, pwd=«secret|Kx7qpLm2»",
    "client_secret: «secret|q8Zk3Vt1Xw7Lp0Rm5Ns2»",
    "API key = «secret|9f8e7d6c5b4a39281706f5e4d3c2b1a0»",
    "The PIN for the blue card is «secret|4821»",
    "pin: «secret|0917»",
    "Door code: «secret|2468 1357»",
    "The alarm code is «secret|7319» and the dog is friendly.",
    "safe combination: «secret|24-07-19»",
    "Your verification code is «secret|839201».",
    "Bank login code: «secret|55120987»",
    "Recovery codes:\n«secret|ab12c-d34ef\ngh56i-j78kl»",
    f"wallet: «secret|{SEED}»",
    "1. «secret|legal 2. winner 3. thank 4. year 5. wave 6. sausage 7. worth 8. useful 9. legal 10. winner"
    " 11. thank 12. yellow»",
    "Visa «account|4111 1111 1111 1111», exp 09/28, CVV «account|123»",
    "amex «account|378282246310005»",
    "Mastercard «account|5555-5555-5555-4444»",
    "card no 4111 1111 1111 1112 was a typo, the right one is «account|4012888888881881»",
    "Send it to «account|DE89 3704 0044 0532 0130 00», please",
    "IBAN: «account|GB82WEST12345698765432»",
    "NO account «account|NO93 8601 1117 947»",
    "Account number: «account|12345678»",
    "kontonummer «account|8601 11 17947»",
    "routing number «account|021000021»",
    "SSN «identity|219-09-9999»",
    "Passport number: «identity|N1234567»",
    "fødselsnummer «identity|01010012356»",
    "Driving licence «identity|MORGA657054SM9IJ»",
    "«health|Mum was diagnosed with type 2 diabetes in March.» We had soup.",
    "«health|The doctor said the pain is from the infection.»",
    "«health|Picked up the sertraline prescription.» Then went to the park.",
    "«health|Blood test on Friday, fasting.»",
    "«health|His blood pressure is too high again.»",
    "«health|Anna is pregnant!» Bring flowers.",
    "«health|Two tablets a day, says the clinic.»",
    "«health|Blood pressure»\n\n«health|138/86 in the morning»\n«health|141/90, 139/88 after supper»",
    "Her systolic is the trouble. We met at noon. «health|Today 171/94.»",
    "«health|MRI at nine, take the bus.»",
    "«health|Started chemotherapy this week.»",
    "«health|I had a panic attack on the train.»",
    "«health|Max is allergic to peanuts.»",
    "«health|Physio for the pain in my shoulder on Mondays.»",
    "«legal|We signed the divorce papers on Monday.»",
    "«legal|The lawyer says the court will decide in June.»",
    "«legal|They served me with a subpoena.» I called Bo.",
    "«legal|Custody is shared, every other week.»",
    "«legal|He was arrested after the match.»",
    "«legal|The landlord wants to evict them.»",
    "«legal|I have to testify as a witness.»",
    "«legal|Power of attorney for Grandpa is in the blue folder.»",
    "«money|My salary goes up to 61,000 in April.»",
    "«money|We still owe the bank nine thousand.»",
    "«money|The mortgage is due on the first.»",
    "«money|I lent Karl 300 and he has debts everywhere.»",
    "«money|Tax return filed, refund expected.»",
    "«money|The inheritance from Aunt Ruth came through.»",
    "«money|Overdraft again this month.»",
    "«money|Bonus and raise both denied.»",
    "«money|His pension and his savings are gone.»",
]

# Ordinary text that a careless rule would take for something sensitive.
HARMLESS = [
    "The plumber Jonas comes on Tuesday at ten; his number is +47 912 34 567.",
    "Order 4111-2222 arrived, tracking 1Z999AA10123456784.",
    "Version 1.2.3.4 of build 20240517.1234",
    "Commit 9f8e7d6c5b4a39281706f5e4d3c2b1a098765432 broke the tests.",
    "The meeting is in room 4012 on 2024-05-17 at 14:30.",
    "Bananas 2.49, milk 1.89, bread 3.20, sum 7.58",
    "Reset your password on the website if you forgot it.",
    "The password is required to be longer than eight characters.",
    "Password: ********",
    "password: <your password>",
    "Enter the password: ",
    "Your boarding pass XK7P2QAB is in the wallet app.",
    "Let it pass 100metres before the bridge.",
    "PASS: test_values12",
    "You can pass option2 or pass sha256 to it.",
    "The pass 2404m is closed, the ski pass A1234567 is valid.",
    "They won 98/52 and then 120/80.",
    "He passed the word on to the team.",
    "I forgot the password again and had to reset it.",
    "The secret of good bread is time.",
    "Secret: use two kinds of flour.",
    "key-value pairs and keyboards",
    "The API key goes into the settings page.",
    "Please code review my change, the code is in the branch.",
    "QR code on the ticket, gate 12.",
    "Pin the poster: 2 nails will do.",
    "The zip code is 0150 and the city is Oslo.",
    "Drive to exit 42, then 3 km.",
    "Postcode SW1A 1AA, house 10",
    "ISBN 978-3-16-148410-0",
    "EAN 4006381333931",
    "4111 1111 1111 1112",
    "1234 5678 9012 3456",
    "GB00WEST12345698765432",
    "UUID 123e4567-e89b-12d3-a456-426614174000",
    "The concert was sick, the drummer on fire.",
    "That cake is to die for.",
    "He runs the court at the tennis club.",
    "She charged her phone and paid the fine for the library book.",
    "The trial version ends on Friday.",
    "We walked along the river bank.",
    "Interest in birds runs in the family.",
    "The doctor Who marathon starts at six.",
    "Take the tablet and the charger for the flight.",
    "A sentence needs a verb.",
    "The cat jumped over the fence and slept in the sun.",
    "Grandma's recipe: two cups of flour, three eggs, a pinch of salt, bake for forty minutes.",
    "Bo and Cy play chess on Sundays in the old library near the harbour.",
    "The train from Bergen was late and we missed the last ferry.",
    "Return the drill to Magnus before the weekend.",
    "Anna's birthday is on 3 May; she likes tulips and crime novels.",
    "The Wi-Fi in the cabin is slow.",
    "We painted the kitchen light blue and the door dark green.",
    "See https://example.org/path?x=1 and mail bo@example.org",
    "ssh ada@example.org -p 2222",
    "Ring the bell twice; the code of the dress is casual.",
    "He is a patient man.",
    "The operation of the mill takes two people.",
    "Saved the file, then shut the laptop.",
    "The account of the voyage fills three volumes.",
    "Passengers need a passport and a visa.",
    "Season ticket for zone 2 costs 853 a month.",
    "budget airline, cheap seats",
    "Bring pills for the dishwasher and salt.",
    "abandon ability able about above absent absorb abstract absurd abuse access accident",
    "Thank you for the wave, the sausage was worth it.",
    "SELECT id, name FROM users WHERE id = 12345678;",
    "x = [1000000, 2000000, 3000000]",
    "temperature -273.15, pressure 101325",
    "License plate AB 12345 on the red van.",
    "The driving was fine, the licence plate fell off.",
    "latitude 59.913868, longitude 10.752245",
]
