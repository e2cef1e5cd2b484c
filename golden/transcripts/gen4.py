import json
class F:
    def __init__(s,path,about,alone=False):
        s.path=path; s.o="".join("# "+l+"\n" for l in about.split("\n"))+("alone\n" if alone else ""); s.c=""; s.n=0
    def sec(s,title,rules=(),crosses=(),core=None):
        s.o+=f"\n--- {title}\n"
        if rules: s.o+="rule "+" ".join(map(str,rules))+"\n"
        if crosses: s.o+="crosses "+" ".join(crosses)+"\n"
        if core: s.o+=f"only core: {core}\n"
        s.c=""
        return s
    def raw(s,t): s.o+=t.rstrip("\n")+"\n"; return s
    def use(s,c):
        if s.c!=c: s.o+=f"[{c}]\n"; s.c=c
        return s
    def req(s,m,path,exp,body=None,tok=None,conn="game",ct=True,close=False):
        s.use(conn)
        s.o+=f"> {m} {path} HTTP/1.1\n> Host: a\n"
        if tok: s.o+=f"> Authorization: Bearer ${{{tok}}}\n"
        if close: s.o+="> Connection: close\n"
        if body is not None:
            s.o+="> Content-Type: application/json\n> Content-Length: ${length}\n>\n"
            for l in (body if isinstance(body,list) else [body]): s.o+=f">> {l}\n"
        else: s.o+=">\n"
        s.o+=f"< ? {exp}\n\n"
        return s
    def get(s,p,e,**k): return s.req("GET",p,e,**k)
    def put(s,p,e,b,tok="admin",**k):
        k.setdefault("conn","root admin"); return s.req("PUT",p,e,body=b,tok=tok,**k)
    def quest(s,q,doc,e=None):
        d=json.loads(doc if isinstance(doc,str) else "".join(doc).replace("\\n",""))
        return s.put(f"/v1/quests/{q}",e or '201 {"quest":"%s","version":1,"waypoints":%d,"treasures":%d}'%(q,len(d["waypoints"]),len(d["treasures"])),doc)
    def start(s,h,q=None,cap=100,e=None,round=1,version=1):
        q=q or h
        return s.put(f"/v1/hunts/{h}",e or '201 {"hunt":"%s","quest":"%s","version":%d,"capacity":%d,"round":%d}'%(h,q,version,cap,round),'{"quest":"%s","capacity":%d}'%(q,cap))
    def inc(s,f,**k):
        s.o+=f"include setup/{f}.txt"+"".join(f" {a}={b}" for a,b in k.items())+"\n\n"; s.c="?" ; return s
    def hunt(s,h): s.inc("hunt",hunt=h); return s
    def join(s,h,name,var=None):
        s.inc("join",hunt=h,name=name)
        if var: s.o+=f"let {var} = ${{session}}\n\n"
        return s
    def play(s,conn,var,proto="hunt.v1+json",hunt=None):
        s.c=""; s.use(conn)
        s.o+=f"let session = ${{{var}}}\ninclude setup/play.txt protocol={proto}"+(f" hunt={hunt}" if hunt else "")+"\n\n"
        return s
    def res(s,h,tok,t,at,exp,key=None,conn="game"):
        x,y,z=at
        k=f',"key":"{key}"' if key else ""
        return s.req("POST",f"/v1/hunts/{h}/resolve",exp,body='{"treasure":"%s","x":%s,"y":%s,"z":%s%s}'%(t,x,y,z,k),tok=tok,conn=conn)
    def ws(s,conn,send,*exp):
        s.use(conn)
        s.o+=f"> {send}\n"
        for e in exp: s.o+=f"< {e}\n"
        s.o+="\n"; return s
    def wait(s,ms): s.o+=f"@ +{ms}ms\n"; return s
    def done(s):
        while "\n\n\n" in s.o: s.o=s.o.replace("\n\n\n","\n\n")
        open(s.path,"w").write(s.o.rstrip("\n")+"\n")
def oc(o,score,rank,loot="null"): return '200 {"outcome":"%s","loot":%s,"score":%s,"rank":%s}'%(o,loot,score,rank)
def loot(i,p,pu=None): return '{"item":"%s","points":%d,"power_up":%s}'%(i,p,'null' if not pu else '"%s"'%pu)
def tr(id,x=0,y=0,z=0,r=5,pts=10,item=None,**k):
    d={"id":id,"x":x,"y":y,"z":z,"radius":r}
    pu=k.pop("power_up",None); d.update(k)
    d["loot"]={"item":item or id,"points":pts,**({"power_up":pu} if pu else {})}
    return d
def doc(name,trs,rules=None,wps=None):
    j=lambda v: json.dumps(v,separators=(",",":"))
    L=['{"name":%s,"waypoints":%s,\\n'%(j(name),j(wps or [{"x":0,"y":0,"z":0,"radius":5}])),'"treasures":[\\n']
    for i,t in enumerate(trs): L.append(j(t)+("," if i+1<len(trs) else "]")+("\\n" if i+1<len(trs) or rules else "}\\n"))
    if rules: L[-1]=L[-1].replace("]\\n","],\\n"); L.append('"rules":%s}\\n'%j(rules))
    return L
O=(0,0,0)


def mv(seq,x,y,z,h=None): return 'text {"seq":%s,"move":{"x":%s,"y":%s,"z":%s%s}}'%(seq,x,y,z,"" if h is None else ',"heading":%s'%h)
def moved(seq,o,x,y,z,e=100): return 'text {"moved":{"seq":%s,"outcome":"%s","x":%s,"y":%s,"z":%s,"energy":%s}}'%(seq,o,x,y,z,e)
def use(seq,p): return 'text {"seq":%s,"use_power_up":{"power_up":"%s"}}'%(seq,p)
def used(seq,o,p,ms,e): return 'text {"power_up_used":{"seq":%s,"outcome":"%s","power_up":"%s","active_ms":%s,"energy":%s}}'%(seq,o,p,ms,e)
def refused(seq,slug,title,status,rest=""): return 'text {"refused":{"seq":%s,"type":"urn:hunt:problem:%s","title":"%s","status":%d%s}}'%(seq,slug,title,status,rest)
BAD="the request body is not valid"
def inv(seq,detail,path,col,line=1): return refused(seq,"invalid-body",BAD,422,',"detail":"%s","path":"%s","line":%d,"column":%d'%(detail,path,line,col))
# ---------------- moves
f=F("game/moves.txt","Moving: the speed rule, what a refused move leaves, how numbers are written.")
f.sec("a step of one unit is always allowed",(28,29,30)).quest("moves-1",doc("Moves",[tr("t",supply=9)])).start("moves-1").join("moves-1","Ada","ada").play("ada","ada",hunt="moves-1")
f.ws("ada",mv(1,1,0,0),moved(1,"moved",1,0,0)).ws("ada",mv(2,1,1,0,359.5),moved(2,"moved",1,1,0)).ws("ada",mv(3,1,1,"-1.0",0),moved(3,"moved",1,1,-1))
f.sec("too far a step changes nothing",(29,31)).join("moves-1","Bo","bo").play("bo","bo",hunt="moves-1").ws("bo",mv(1,500,0,0,90),moved(1,"too_fast",0,0,0)).ws("bo",mv(2,0,0,1),moved(2,"moved",0,0,1)).ws("bo",mv(3,0,0,-500),moved(3,"too_fast",0,0,1))
f.sec("rest adds ten units a second",(29,)).join("moves-1","Cy","cy").play("cy","cy",hunt="moves-1").wait(1000).ws("cy",mv(1,10.5,0,0),moved(1,"moved",10.5,0,0)).ws("cy",mv(2,20.5,0,0),moved(2,"too_fast",10.5,0,0))
f.sec("the reach is met to the last unit",(29,),core="a server's clock does not stand still").join("moves-1","Di","di").play("di","di",hunt="moves-1").ws("di",mv(1,"1.0000000000000002",0,0),moved(1,"too_fast",0,0,0)).ws("di",mv(2,1,0,0),moved(2,"moved",1,0,0))
f.wait(500).ws("di",mv(3,7.000000000000001,0,0),moved(3,"too_fast",1,0,0)).ws("di",mv(4,7,0,0),moved(4,"moved",7,0,0))
f.raw("# A refused move is no rest: what was saved is still there.\n").wait(100).ws("di",mv(5,70,0,0),moved(5,"too_fast",7,0,0)).ws("di",mv(6,9,0,0),moved(6,"moved",9,0,0)).ws("di",mv(7,10.01,0,0),moved(7,"too_fast",9,0,0))
f.sec("a resolve is a move too",(26,42)).join("moves-1","Ed","ed").play("ed","ed",hunt="moves-1").ws("ed",'text {"seq":1,"resolve":{"treasure":"t","x":0,"y":0,"z":1}}','text {"resolved":{"seq":1,"outcome":"claimed","loot":{"item":"t","points":10,"power_up":null},"score":10,"rank":1}}').ws("ed",mv(2,0,0,2),moved(2,"moved",0,0,2))
f.sec("a rest of more than a minute counts as one",(29,),core="a minute is long").quest("moves-2",doc("Slow",[tr("t")],{"speed_max":0.05})).start("moves-2").join("moves-2","Ada","ada").wait(4000).join("moves-2","Bo","bo")
f.o=f.o.replace("@ +4000ms\n","",1) if False else f.o
f.raw("repeat 31 as n\n[bo${n}]\n").play("bo${n}","bo",hunt="moves-2") if False else None
f.sec("how numbers are written",(30,32,78)).quest("moves-3",doc("Far",[tr("t")],{"speed_max":1000000})).start("moves-3").join("moves-3","Ada","ada").play("ada","ada",hunt="moves-3").wait(1000)
f.ws("ada",mv(1,"-0","0.0","-0.0"),moved(1,"moved",0,0,0)).wait(700)
f.ws("ada",mv(2,"1e-7","0.000001","1.5E+2"),moved(2,"moved","1e-7","0.000001",150)).wait(700)
f.ws("ada",mv(3,"0.1","123456.78900","5e-324"),moved(3,"moved","0.1","123456.789","5e-324")).wait(800)
f.ws("ada",mv(4,"0.30000000000000004","333333.3333333333","100000.00"),moved(4,"moved","0.30000000000000004","333333.3333333333","100000"))
f.sec("headings",(28,)).join("moves-3","Bo","bo").play("bo","bo",hunt="moves-3").ws("bo",mv(1,0,0,0,"359.99999999999994"),moved(1,"moved",0,0,0)).ws("bo",mv(2,0,0,0,"-0"),moved(2,"moved",0,0,0)).ws("bo",mv(3,0,0,0,360),inv(3,"a value out of its range","/move/heading",48)).ws("bo",mv(4,0,0,0,"-0.5"),inv(4,"a value out of its range","/move/heading",48))
f.sec("places that are none",(28,)).join("moves-3","Cy","cy").play("cy","cy",hunt="moves-3").ws("cy",mv(1,"1000000.1",0,0),inv(1,"a value out of its range","/move/x",22)).ws("cy",mv(2,0,0,"1e999"),inv(2,"a value out of its range","/move/z",34)).ws("cy",mv(3,0,'"0"',0),inv(3,"a value of the wrong type","/move/y",28))
f.sec("moving in a hunt that has ended",(18,28)).quest("moves-4",doc("Short",[tr("t")])).start("moves-4").join("moves-4","Ada","ada").play("ada","ada",hunt="moves-4").res("moves-4","ada","t",O,oc("claimed",10,1,loot("t",10))).ws("ada",mv(1,0,0,0),refused(1,"hunt-ended","the hunt has ended",409)).ws("ada",use(2,"boost"),refused(2,"hunt-ended","the hunt has ended",409))
f.done()
# ---------------- power ups
f=F("game/power_ups.txt","Power-ups: every outcome, energy, what each of them does.")
f.sec("used, active, no energy",(33,34,35,36,37)).quest("power-1",doc("Power",[tr("t",supply=9),tr("far",7,0,0,5,supply=9),tr("more",power_up="boost",supply=9)])).start("power-1").join("power-1","Ada","ada").play("ada","ada",hunt="power-1")
f.ws("ada",use(1,"double"),used(1,"used","double",5000,70)).ws("ada",use(2,"double"),used(2,"active","double","${about:5000}",70)).ws("ada",use(3,"reach"),used(3,"used","reach",5000,40)).ws("ada",use(4,"boost"),used(4,"used","boost",5000,10))
f.sec("double doubles the points",(33,45)).res("power-1","ada","t",O,oc("claimed",20,1,loot("t",20)))
f.sec("reach makes the radius half as large again",(33,43)).res("power-1","ada","far",O,oc("claimed",40,1,loot("far",20))).join("power-1","Bo","bo").res("power-1","bo","far",O,oc("too_far",0,2))
f.sec("none left comes before no energy",(35,)).quest("power-2",doc("None",[tr("t")],{"start_power_ups":{"boost":0,"reach":2},"power_up_energy":60,"energy_per_s":0})).start("power-2").join("power-2","Ada","ada").play("ada","ada",hunt="power-2")
f.ws("ada",use(1,"boost"),used(1,"none_left","boost",0,100)).ws("ada",use(2,"reach"),used(2,"used","reach",5000,40)).ws("ada",use(3,"reach"),used(3,"active","reach","${about:5000}",40)).ws("ada",use(4,"double"),used(4,"no_energy","double",0,40)).ws("ada",use(5,"boost"),used(5,"none_left","boost",0,40))
f.sec("a power-up of loot is one more",(45,)).quest("power-3",doc("More",[tr("t",power_up="boost",supply=2)],{"start_power_ups":{"boost":0}})).start("power-3").join("power-3","Ada","ada").play("ada","ada",hunt="power-3").ws("ada",use(1,"boost"),used(1,"none_left","boost",0,100)).res("power-3","ada","t",O,oc("claimed",10,1,loot("t",10,"boost"))).ws("ada",use(2,"boost"),used(2,"used","boost",5000,70))
f.sec("boost doubles the speed",(29,33)).quest("power-4",doc("Boost",[tr("t")],{"speed_max":50})).start("power-4").join("power-4","Ada","ada").join("power-4","Bo","bo").play("ada","ada",hunt="power-4").play("bo","bo",hunt="power-4").ws("ada",use(1,"boost"),used(1,"used","boost",5000,70)).wait(800)
f.ws("ada",mv(2,79,0,0),moved(2,"moved",79,0,0,"${about:74}")).ws("bo",mv(1,400,0,0),moved(1,"too_fast",0,0,0))
f.sec("energy grows, up to the most, and is shown in whole units",(27,)).quest("power-5",doc("Grow",[tr("t")],{"energy_max":50,"energy_per_s":100,"power_up_energy":50,"power_up_ms":400})).start("power-5").join("power-5","Ada","ada").play("ada","ada",hunt="power-5").ws("ada",use(1,"boost"),used(1,"used","boost",400,0)).wait(1000).ws("ada",mv(2,0,0,0),moved(2,"moved",0,0,0,50)).ws("ada",use(3,"boost"),used(3,"none_left","boost",0,50)).ws("ada",use(4,"reach"),used(4,"used","reach",400,0))
f.sec("to the millisecond",(27,35,36,37),core="a server's clock does not stand still").quest("power-6",doc("Exact",[tr("t")],{"energy_per_s":7,"power_up_ms":300,"power_up_energy":100,"start_power_ups":{"boost":9}})).start("power-6").join("power-6","Ada","ada").play("ada","ada",hunt="power-6").ws("ada",use(1,"boost"),used(1,"used","boost",300,0))
f.wait(142).ws("ada",use(2,"boost"),used(2,"active","boost",158,0)).wait(1).ws("ada",use(3,"boost"),used(3,"active","boost",157,1)).wait(156).ws("ada",use(4,"boost"),used(4,"active","boost",1,2)).wait(1).ws("ada",use(5,"boost"),used(5,"no_energy","boost",0,2))
f.sec("a full store of energy does not save up more",(27,)).quest("power-7",doc("Nothing",[tr("t")],{"energy_max":0,"power_up_energy":0,"power_up_ms":1})).start("power-7").join("power-7","Ada","ada").play("ada","ada",hunt="power-7").ws("ada",use(1,"double"),used(1,"used","double",1,0))
f.sec("words that are no power-up",(34,75)).join("power-7","Bo","bo").play("bo","bo",hunt="power-7").ws("bo",use(1,"Boost"),inv(1,"a value out of its range","/use_power_up/power_up",37)).ws("bo",'text {"seq":2,"use_power_up":{}}',inv(2,"a field is missing","/use_power_up/power_up",26)).ws("bo",'text {"seq":3,"use_power_up":null}',inv(3,"a value of the wrong type","/use_power_up",25))
f.done()
# ---------------- leaderboard
f=F("game/leaderboard.txt","The leaderboard: order, ties, the top, the window around a player.")
L="/v1/hunts/board-1/leaderboard"
def row(r,p,n,s): return '{"rank":%d,"player":%d,"name":"%s","score":%d}'%(r,p,n,s)
def lb(h,n,*rows): return '200 {"hunt":"%s","players":%d,"rows":[%s]}'%(h,n,",".join(rows))
f.sec("nobody has joined",(51,)).quest("board-1",doc("Board",[tr("t%d"%i,pts=p,supply=99) for i,p in enumerate([10,20,30])])).start("board-1").get(L,lb("board-1",0))
f.sec("everybody is on it from joining on, in that order",(49,50))
N=["Ada","Bo","Cy","Di","Ed","Fay","Gil","Hal","Ida","Jo","Kim","Lea"]
for n in N: f.join("board-1",n,n.lower())
f.get(L,lb("board-1",12,*[row(i+1,i,N[i],0) for i in range(10)]))
f.sec("the higher score comes first; of equal ones, who reached it first",(49,50)).res("board-1","di","t0",O,oc("claimed",10,1,loot("t0",10))).res("board-1","cy","t0",O,oc("claimed",10,2,loot("t0",10))).res("board-1","cy","t1",O,oc("claimed",30,1,loot("t1",20))).res("board-1","bo","t2",O,oc("claimed",30,2,loot("t2",30))).res("board-1","lea","t0",O,oc("claimed",10,4,loot("t0",10)))
order=[(2,30),(1,30),(3,10),(11,10),(0,0),(4,0),(5,0),(6,0),(7,0),(8,0),(9,0),(10,0)]
R=[row(i+1,p,N[p],s) for i,(p,s) in enumerate(order)]
f.get(L+"?limit=5",lb("board-1",12,*R[:5]))
f.raw("# An outcome without points changes no place.\n").res("board-1","di","t0",O,oc("already_claimed",10,3))
f.sec("the top",(51,)).get(L,lb("board-1",12,*R[:10])).get(L+"?limit=1",lb("board-1",12,*R[:1])).get(L+"?limit=100",lb("board-1",12,*R))
f.sec("around a player",(52,))
def win(p,n):
    rank=[q for q,_ in order].index(p)+1
    st=1+min(max(rank-1-n//2,0),max(12-n,0)); return R[st-1:st-1+n]
for p,n in [(4,5),(4,4),(2,5),(10,5),(9,3),(0,1),(7,100)]: f.get(L+"?around=%d&limit=%d"%(p,n),lb("board-1",12,*win(p,n)))
f.get(L+"?around=4",lb("board-1",12,*win(4,10)))
f.sec("a player that nobody is",(52,)).get(L+"?around=12","404 unknown-player").get(L+"?around=4294967295","404 unknown-player")
f.sec("parameters that are none",(53,))
for q in ["limit=0","limit=101","limit=","limit=-1","limit=+1","limit=01","limit=1.0","limit=ten","limit=1&limit=1","limit=4294967296","around=","around=-1","around=00","around=4294967296","top=3","limit=1&around=0&x=","limit"]: f.get(L+"?"+q,"400 invalid-query")
f.raw("# Before the hunt is looked for.\n").get("/v1/hunts/board-0/leaderboard?limit=0","400 invalid-query").get("/v1/hunts/board-0/leaderboard?limit=1","404 unknown-hunt")
f.sec("parameters in any order, percent-encoded",(51,53)).get(L+"?l%69mit=%32&around=%30",lb("board-1",12,*win(0,2)))
f.done()
# ---------------- loot
f=F("game/loot.txt","The loot table: which hunt a number sees, and from which row on.",True)
f.sec("no hunts",(66,)).get("/loot",'200 {"session":0,"hunt":null,"loot":[]}').get("/loot?session=4294967295",'200 {"session":4294967295,"hunt":null,"loot":[]}')
def lr(t,i,p,r): return '{"treasure":"%s","item":"%s","points":%d,"remaining":%d}'%(t,i,p,r)
def lt(n,h,*rows): return '200 {"session":%d,"hunt":"%s","loot":[%s]}'%(n,h,",".join(rows))
A=[lr("chest","pearl",50,3),lr("box","ring",70,1),lr("late","coin",10,1),lr("far","gem",30,9)]
f.sec("one hunt: the first row turns with the number",(65,66)).hunt("loot-1").get("/loot",lt(0,"loot-1",*A)).get("/loot?session=0",lt(0,"loot-1",*A)).get("/loot?session=1",lt(1,"loot-1",*(A[1:]+A[:1]))).get("/loot?session=7",lt(7,"loot-1",*(A[3:]+A[:3]))).get("/loot?session=4294967295",lt(4294967295,"loot-1",*(A[3:]+A[:3])))
f.sec("two hunts: in the order in which they were created; at most eight rows",(65,66)).quest("loot-0",doc("Ten",[tr("t%d"%i,pts=i+1,supply=i+1) for i in range(10)],{"duration_ms":800})).start("loot-0")
B=[lr("t%d"%i,"t%d"%i,i+1,i+1) for i in range(10)]
f.get("/loot",lt(0,"loot-1",*A)).get("/loot?session=1",lt(1,"loot-0",*B[:8])).get("/loot?session=3",lt(3,"loot-0",*B[1:9])).get("/loot?session=19",lt(19,"loot-0",*(B[9:]+B[:7])))
f.sec("what is left of a treasure",(66,)).join("loot-1","Ada","ada").res("loot-1","ada","chest",O,oc("claimed",50,1,loot("pearl",50))).get("/loot",lt(0,"loot-1",lr("chest","pearl",50,2),*A[1:]))
f.sec("an ended hunt still has its place, and a next round keeps it",(65,)).wait(1200).get("/loot?session=1",lt(1,"loot-0",*B[:8])).start("loot-0",round=2).get("/loot?session=1",lt(1,"loot-0",*B[:8]))
f.sec("a forgotten hunt has none",(23,65)).wait(2000).wait(2400).get("/loot?session=1",lt(1,"loot-1",*([A[1],A[2],A[3],lr("chest","pearl",50,2)])),conn="late")
f.sec("numbers that are none",(53,65))
for q in ["session=-1","session=4294967296","session=01","session=","session=1&session=2","sesion=1"]: f.get("/loot?"+q,"400 invalid-query",conn="late")
f.done()
# ---------------- sessions
f=F("game/sessions.txt","Session and admin tokens: who speaks, for which hunt and round, until when.")
P="/v1/hunts/sessions-1/resolve"; B='{"treasure":"chest","x":0,"y":0,"z":0}'
f.inc("tokens").sec("a session is good for its hunt",(67,69)).inc("tokens").hunt("sessions-1").hunt("sessions-2").join("sessions-1","Ada","ada").join("sessions-2","Bo","bo").res("sessions-1","ada","chest",O,oc("claimed",50,1,loot("pearl",50))).req("POST",P,"403 session-wrong-hunt",body=B,tok="bo")
f.o=f.o.replace("include setup/tokens.txt\n\n","",1)
f.sec("the scheme in any case",(69,)).use("game").raw("> POST "+P+" HTTP/1.1\n> Host: a\n> Authorization: bEARER ${ada}\n> Content-Length: ${length}\n>\n>> "+B+"\n< ? 200 {\"outcome\":\"already_claimed\",\"loot\":null,\"score\":50,\"rank\":1}\n")
f.sec("no session",(69,)).req("POST",P,"401 session-missing",body=B).use("game").raw("> POST "+P+" HTTP/1.1\n> Host: a\n> Authorization: Basic ${ada}\n> Content-Length: ${length}\n>\n>> "+B+"\n< ? 401 session-missing\n")
f.sec("a query names no session but for play",(53,68)).req("POST",P+"?session=${ada}","400 invalid-query",body=B)
f.sec("tokens that are none",(67,69))
f.raw("let broken = AAAA\nlet padded = ${ada}=\nlet longer = ${ada}AA\nlet nothing = x\n")
for t in ["session_forged","session_of_bad_hunt","admin","broken","padded","longer","nothing"]: f.req("POST",P,"401 session-invalid",body=B,tok=t)
f.sec("a session that has expired",(67,69)).req("POST",P,"401 session-expired",body=B,tok="session_expired")
f.sec("a session of a hunt that does not exist",(21,69)).req("POST","/v1/hunts/nowhere/resolve","404 unknown-hunt",body=B,tok="session_of_no_hunt")
f.sec("a session of another round",(39,69)).req("POST",P,"401 session-stale",body=B,tok="session_of_no_round")
f.sec("what is looked at first",(68,)).req("POST",P+"?x=1","400 invalid-query",body=B).use("game")
f.raw("> POST "+P+" HTTP/1.1\n> Host: a\n> Content-Type: text/plain\n> Content-Length: 2\n>\n>> {}\n< ? 401 session-missing\n\n> POST "+P+" HTTP/1.1\n> Host: a\n> Authorization: Bearer ${session_of_no_round}\n> Content-Type: text/plain\n> Content-Length: 2\n>\n>> {}\n< ? 415 unsupported-media-type\n\n")
f.req("POST",P,"422 invalid-body",body="{}",tok="session_of_no_round").req("POST","/v1/hunts/nowhere/resolve","422 invalid-body",body="{}",tok="session_of_no_hunt")
f.sec("admin tokens",(70,)).inc("tokens")
A="/v1/hunts/sessions-3"; AB='{"quest":"sessions-1","capacity":5}'
for t,e in [(None,"401 admin-missing"),("admin_forged","401 admin-invalid"),("admin_of_unknown_key","401 admin-invalid"),("ada","401 admin-invalid"),("admin_expired","401 admin-expired")]: f.put(A,e,AB,tok=t)
f.put("/v1/quests/sessions-3","401 admin-missing",'{}',tok=None).put("/v1/quests/sessions-3","401 admin-expired",'{}',tok="admin_expired")
f.raw("# A key that does not sign any more still verifies.\n").put(A,'201 {"hunt":"sessions-3","quest":"sessions-1","version":1,"capacity":5,"round":1}',AB,tok="admin_of_old_key")
f.sec("admin calls are not answered on the public listener",(70,)).put(A,"404 unknown-path",AB,conn="game").put("/v1/quests/sessions-3","404 unknown-path",'{}',conn="game")
f.sec("a session for play, in the query or in the field",(54,69))
PL="> Connection: Upgrade\n> Upgrade: websocket\n> Sec-WebSocket-Version: 13\n> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n>\n"
def play(q,auth,e,conn): return f"[{conn}]\n> GET /v1/hunts/sessions-1/play{q} HTTP/1.1\n> Host: a\n"+(f"> Authorization: Bearer ${{{auth}}}\n" if auth else "")+PL+f"< ? {e}\n\n"
f.raw(play("?session=${ada}",None,"101","p1")+play("",None,"401 session-missing","p2")+play("?session=",None,"401 session-invalid","p2")+play("?session=x","ada","401 session-invalid","p2")+play("?session=${ada}&session=${ada}",None,"400 invalid-query","p2")+play("?token=${ada}",None,"400 invalid-query","p2")+play("?session=${bo}",None,"403 session-wrong-hunt","p2")+play("","session_expired","401 session-expired","p2")+play("","session_of_no_round","401 session-stale","p2")+play("?session=${ada}","session_forged","101","p2")); f.c="p2"
f.sec("a session lasts as long as the configuration says",(67,69),("session_ttl_ms",)).join("sessions-1","Cy","cy").res("sessions-1","cy","chest",O,oc("claimed",50,2,loot("pearl",50)),conn="early").wait(3000).wait(2000).res("sessions-1","cy","chest",O,oc("already_claimed",50,2),conn="later").wait(1200).res("sessions-1","cy","chest",O,"401 session-expired",conn="later")
f.done()
